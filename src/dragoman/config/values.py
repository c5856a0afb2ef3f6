"""The kinds of values in dragoman.yaml, and how each is read from what the owner wrote."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, ValidationInfo

from dragoman.config.conditions import check
from dragoman.secrets.reference import Template, parse_template
from dragoman.secrets.secrets import STORES

__all__ = [
    "ActsFor",
    "Approval",
    "Days",
    "Expression",
    "FieldPattern",
    "Filled",
    "Freshness",
    "HeaderName",
    "HttpMethod",
    "Lifetime",
    "Rate",
    "Seconds",
    "Secret",
    "SecretOrText",
    "Text",
    "TextList",
    "expression_of",
    "secret_of",
]


def _interpolate(value: object, info: ValidationInfo) -> object:
    """Put the values of variables into text that is no secret; names those that are unset."""
    if not isinstance(value, str) or "${" not in value:
        return value
    resolve = (info.context or {}).get("resolve")
    return resolve(parse_template(value)) if resolve else value


def secret_of(value: object) -> Template:
    """Accept a reference, refuse a value: what stands in a file is no secret any more."""
    if isinstance(value, Template):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text with a reference such as ${NAME}")
    template = parse_template(value)
    if not template.references:
        raise ValueError(
            "must be a reference such as ${NAME}: put the value into the environment or .env"
        )
    for reference in template.references:
        if reference.store not in STORES:
            raise ValueError(
                f"names the secret store '{reference.store}'; known are {', '.join(STORES)}"
            )
    return template


def _secret_or_text(value: object) -> object:
    if not isinstance(value, str | Template):
        raise ValueError("must be text, or a reference such as ${NAME}")
    return secret_of(value) if isinstance(value, str) and "${" in value else value


def _without_reference(value: object) -> object:
    """Refuse references: what is filled in is shown to people, and stands in the records."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "${" in one:
            raise ValueError(
                "holds a reference, and what is filled in is shown and recorded: "
                "a secret belongs under auth"
            )
        if isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one
    return value


def _acts_for(value: object) -> object:
    if value in ("any", "none"):
        return value
    if isinstance(value, list | tuple) and all(isinstance(user, str) for user in value):
        return value
    raise ValueError("must be any, none, or a list of end users (ids as text, in quotes)")


def _seconds(value: object) -> object:
    """Read `10s`, `500ms`, `2m` or a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", str(value).strip())
    if not match:
        raise ValueError("must be a time such as 500ms, 10s or 2m")
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
    return float(match[1]) * units[match[2]]


def _freshness(value: object) -> object:
    """Read a time, of nothing too: `never` is `0s`."""
    if value == "never":
        return 0.0
    try:
        return _seconds(value)
    except ValueError:
        raise ValueError("must be a time such as 30s or 5m, or never") from None


def _days(value: object) -> object:
    """Read `90d`, `12h` or a number of days."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(d|h)", str(value).strip())
    if not match:
        raise ValueError("must be a time such as 90d or 12h")
    return float(match[1]) / {"d": 1, "h": 24}[match[2]]


def _single_to_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_interpolate)]
Secret = Annotated[Template, BeforeValidator(secret_of, json_schema_input_type=str)]
SecretOrText = Annotated[
    Template | str, BeforeValidator(_secret_or_text, json_schema_input_type=str)
]
Seconds = Annotated[
    float,
    Field(gt=0, le=86_400),
    BeforeValidator(_seconds, json_schema_input_type=float | str),
]
Days = Annotated[
    float,
    Field(gt=0, le=36_500),
    BeforeValidator(_days, json_schema_input_type=float | str),
]
Lifetime = Annotated[
    float,
    Field(gt=0, le=30 * 86_400),
    BeforeValidator(_seconds, json_schema_input_type=float | str),
]
"""Seconds, of up to 30 days."""
Freshness = Annotated[
    float,
    Field(ge=0, le=86_400),
    BeforeValidator(_freshness, json_schema_input_type=float | str),
]
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")]
"""A name of a header (RFC 9110, 5.6.2)."""
Rate = Annotated[str, Field(pattern=r"^[1-9]\d*/(second|minute|hour|day)$")]
TextList = Annotated[
    list[Text], BeforeValidator(_single_to_list, json_schema_input_type=list[str] | str)
]
Filled = Annotated[JsonValue, BeforeValidator(_without_reference)]
Approval = Literal["never", "writes", "always"]
HttpMethod = Literal["get", "post", "put", "patch", "delete", "head", "options"]
ActsFor = Annotated[Literal["any", "none"] | list[str], BeforeValidator(_acts_for)]


def expression_of(value: object) -> object:
    """Read a condition in CEL; raises `ValueError` with what is wrong in it."""
    if not isinstance(value, str):
        raise ValueError("must be a condition such as args.amount > 50")
    check(value)
    return value


_MAX_SEGMENTS = 32
"""Of the path of a field that is hidden."""


def _field_pattern(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a path such as **.card_number")
    segments = value.split(".")
    if not all(segments) or len(segments) > _MAX_SEGMENTS or segments[-1] == "**":
        raise ValueError("must be a path that ends with a member, such as **.card_number")
    if set("[]$") & set(value):
        raise ValueError("must be names and dots, such as lines.card: lists are passed through")
    return value


Expression = Annotated[str, BeforeValidator(expression_of, json_schema_input_type=str)]
"""A condition in CEL, the Common Expression Language (cel.dev)."""

FieldPattern = Annotated[str, BeforeValidator(_field_pattern, json_schema_input_type=str)]
"""The path of a member: `*` is any one, `**` any number of them."""
