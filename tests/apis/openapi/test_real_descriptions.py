"""Every real description is read whole, its contracts compile, and what is lost has a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs

from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.read import read
from dragoman.config.settings import ApiSettings


def test_real_descriptions_are_read_whole(specs: Path) -> None:
    total = supported = 0
    reasons: list[str] = []
    for path in sorted([*specs.glob("*.json"), *specs.glob("*.yaml")]):
        source = parsed(path.read_bytes(), str(path), from_disk=True)
        api = ApiSettings(openapi=str(path), base_url="https://api.example")
        for operation in read("api", source, api).operations.values():
            total += 1
            contract = operation.contract
            if contract.unsupported:
                reasons.append(f"{path.name} {operation.name}: {contract.unsupported}")
                continue
            schema: Any = contract.input_schema
            jsonschema_rs.Draft202012Validator(schema, offline=True)
            supported += 1
    assert total > 4_000
    assert supported / total >= 0.99, reasons
