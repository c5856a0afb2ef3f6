"""What all settings share, and how a part of them is read that has a short form."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo

__all__ = ["Model", "part"]


class Model(BaseModel):
    """What all settings share: unknown keys are errors, and nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True
    )


P = TypeVar("P", bound=Model)


def part(kind: type[P], value: dict[str, object], info: ValidationInfo) -> P:
    """Read a mapping as settings of that kind; raises `ValueError` with its first fault."""
    try:
        return kind.model_validate(value, context=info.context)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, fault["loc"]))
        known = ", ".join(one.alias or key for key, one in kind.model_fields.items())
        what = {
            "missing": "is missing",
            "extra_forbidden": f"is not known here. Known are: {known}.",
        }.get(fault["type"])
        told = what or fault["msg"].removeprefix("Value error, ")
        raise ValueError(f"{name} {told}".lstrip()) from None
