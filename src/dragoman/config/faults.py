"""What is wrong with a file, in plain words: `dragoman.yaml:14: unknown key 'limit' …`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dragoman.config.settings import NOT_YET, Settings
from dragoman.nearest import nearest

__all__ = ["told"]

Where = Callable[..., str]
Place = tuple[str | int, ...]

_UNSET = "unset:"
_MOST = {86_400.0: "24h", 30 * 86_400.0: "30d"}
"""The bounds of times, as they would be written."""

_TYPES = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping of keys to values",
    "finite_number": "must be a finite number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "model_type": "must be a mapping of keys to values",
    "string_type": "must be text",
}


def told(error: ValidationError, where: Where) -> tuple[str, ...]:
    """Return each fault as one line, in the order of the file's lines, none twice."""
    lines = [
        _line(fault, where)
        for fault in error.errors(include_url=False, include_input=True, include_context=True)
    ]
    return tuple(dict.fromkeys(sorted(lines, key=_line_number)))


def _line_number(line: str) -> int:
    match = re.search(r":(\d+)[:)]", line)
    return int(match[1]) if match else 0


def _line(fault: ErrorDetails, where: Where) -> str:
    # Of a key that no class knows, the way to it is what is written.
    is_unknown = fault["type"] == "extra_forbidden"
    place = fault["loc"] if is_unknown else _written(fault["loc"])
    name = ".".join(map(str, place))
    if is_unknown:
        return f"{where(*place)}: {_unknown_key(place)}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    if message.startswith(_UNSET):
        unset = message.removeprefix(_UNSET)
        return f"{unset} ({where(*place)}). Set it in the shell or in .env."
    if fault["type"] == "missing":
        return f"{where(*place[:-1])}: {place[-1]} is missing in {'.'.join(map(str, place[:-1]))}"
    return f"{where(*place)}: {name} {_sentence(fault, message)}"


def _sentence(fault: ErrorDetails, message: str) -> str:
    kind = fault["type"]
    if kind in _TYPES:
        return _TYPES[kind]
    if kind in {"literal_error", "enum"}:
        expected = fault.get("ctx", {}).get("expected", "")
        said = str(expected).replace("'", "").replace("True", "true")
        return f"must be {said}"
    if kind == "string_pattern_mismatch" and fault["loc"][-1] == "rate":
        return "must be a rate such as 60/minute (second, minute, hour or day)"
    if kind == "string_pattern_mismatch" and fault["loc"][-1] == "header":
        return "must be the name of a header, such as Idempotency-Key"
    if kind == "less_than_equal" and (most := _MOST.get(fault.get("ctx", {}).get("le", 0))):
        return f"must be {most} at the most"
    return re.sub(r"^Input should (be|have)", r"must \1", message)


def _written(location: Place) -> Place:
    """Return the way to the key as it is written: without the names of a union's members."""
    inside: object = Settings
    place: list[str | int] = []
    for part in location:
        inside = _member(inside, part)
        if inside is None and place:
            break
        place.append(part)
    return tuple(place)


def _unknown_key(place: Place) -> str:
    *above, key = place
    kind: object = Settings
    for part in above:
        kind = _member(kind, part)
    model = next(iter(_models(kind)), None)
    inside = f" in {'.'.join(map(str, above))}" if above else ""
    if model is None:
        return f"unknown key '{key}'{inside}"
    if key in NOT_YET.get(model.__name__, ()):
        return f"'{key}'{inside} is not enforced by this version, so it is refused: take it out"
    known = list(model.model_fields)
    near = nearest(str(key), known, 1)
    way_on = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}."
    return f"unknown key '{key}'{inside}. {way_on}"


def _member(kind: object, part: str | int) -> object:
    """Return the annotation of what stands under a key of a model, a mapping or a list."""
    for model in _models(kind):
        if isinstance(part, str) and part in model.model_fields:
            return model.model_fields[part].annotation
    for option in _options(kind):
        origin, arguments = get_origin(option), get_args(option)
        if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
            return arguments[1]
        if isinstance(origin, type) and issubclass(origin, Sequence) and arguments:
            return arguments[0]
    return None


def _models(kind: object) -> Iterator[type[BaseModel]]:
    for option in _options(kind):
        if isinstance(option, type) and issubclass(option, BaseModel):
            yield option


def _options(kind: object) -> Iterator[object]:
    """Yield the members of a union, annotations taken off."""
    if get_origin(kind) is Annotated:
        yield from _options(get_args(kind)[0])
    elif get_origin(kind) in {Union, UnionType}:
        for option in get_args(kind):
            yield from _options(option)
    else:
        yield kind
