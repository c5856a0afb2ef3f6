"""`dragoman check` finds the `fill` and `omit` of a whole API that fit no operation of it."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import Run

from openapi_reading import document, query


def test_check_names_what_no_operation_has(run: Run, tmp_path: Path) -> None:
    parameters = [query("customer_id", {"type": "string"}), query("token", {"type": "string"})]
    paths = {
        "/orders": {"get": {"operationId": "listOrders", "parameters": parameters}},
        "/stock": {"get": {"operationId": "getStock"}},
    }
    (tmp_path / "own.json").write_text(json.dumps(document(paths)))

    def check(fill: str) -> tuple[int, str]:
        (tmp_path / "own.yaml").write_text(
            "model: offline\n"
            "apis:\n"
            "  shop:\n"
            "    openapi: ./own.json\n"
            "    base_url: http://127.0.0.1:9\n"
            f"    {fill}\n"
            "    omit: [token]\n"
        )
        told = run("check", "--file", "own.yaml")
        return told.code, told.err

    code, err = check("fill: {customer: caller.user, tokn: x}")
    assert code == 2
    at = "own.yaml:6: no operation of shop has an argument"
    assert f"{at} 'customer'. Did you mean customer_id?\n" in err
    assert f"{at} 'tokn'." in err
    assert check("fill: {customer_id: caller.user}")[0] == 1  # nothing listens there
