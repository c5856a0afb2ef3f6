"""Whether the owner's `fill` and `omit` name arguments that there are.

What names none would restrict nothing, and the model would choose what the owner meant to pin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from dragoman.nearest import did_you_mean
from dragoman.operation import Contract, JsonObject, JsonValue, Operation

if TYPE_CHECKING:
    from dragoman.config.settings import ApiSettings, OperationSettings

__all__ = ["fits_none", "named_in_vain"]


def named_in_vain(
    operation: Operation, api: ApiSettings, where: Callable[..., str]
) -> Iterator[str]:
    """Yield a fault for each argument that one operation does not have, or not with that value.

    Its contract is read where there is such a rule. One that cannot be called has none to compare.
    """
    own = api.operations[operation.described_as]
    place = ("apis", operation.api, "operations", operation.described_as)
    for key, name in _named(api, own):
        contract = operation.contract
        if contract.unsupported:
            continue
        if name in _arguments(operation, key):
            if key == "fill" and (why := _misfit(contract, name, own.fill[name])):
                yield f"{where(*place, key, name)}: {operation.described_as} {why}"
            continue
        there_are = _arguments(operation, "fill")
        whole, dot, _ = name.partition(".")
        if name in contract.omitted:
            why = f"{operation.described_as} has '{name}' taken away by omit, so nothing fills it."
        elif dot and whole in there_are:
            why = f"'{name}' is a part of an argument, which is filled as a whole: {whole}."
        else:
            near = did_you_mean(name, there_are, 1)
            why = f"{operation.described_as} has no argument '{name}'. {near}".rstrip()
        yield f"{where(*place, key, name)}: {why}"


def fits_none(
    operations: Sequence[Operation], api: ApiSettings, where: Callable[..., str]
) -> list[str]:
    """Return a fault for each argument that `fill` and `omit` of a whole API name in vain.

    One that some of its operations do not have is in order; one that none of them has is a
    mistake. May read every contract, which takes its time.
    """
    left = dict.fromkeys(_named(api, api))
    known: dict[str, None] = {}
    for operation in operations:
        if not left:
            return []
        if operation.contract.unsupported:
            continue
        known |= dict.fromkeys(_arguments(operation, "fill"))
        left = {one: None for one in left if one[1] not in _arguments(operation, one[0])}
    return [
        f"{where('apis', operations[0].api, key, name)}: no operation of {operations[0].api} has "
        f"an argument '{name}'. {did_you_mean(name, known, 1)}".rstrip()
        for key, name in left
        if operations
    ]


def _misfit(contract: Contract, name: str, value: JsonValue) -> str:
    """Return why a constant is none that the argument takes: every call would be refused."""
    if isinstance(value, str) and value.startswith("caller."):
        return ""
    import jsonschema_rs  # noqa: PLC0415 - only where the owner fills an argument

    schema: dict[str, object] = {**contract.input_schema, "required": []}
    try:
        validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return ""  # A schema that cannot be compiled is told where arguments are validated.
    for error in validator.iter_errors({name: value}):
        if error.instance_path[:1] == [name]:
            return f"does not take what fills '{name}': {error.message[:200]}."
    return ""


def _named(api: ApiSettings, rules: ApiSettings | OperationSettings) -> Iterable[tuple[str, str]]:
    """Return the arguments that the rules name; those of calls by hand are checked as read."""
    omitted = () if api.openapi is None else rules.omit
    return [*(("fill", name) for name in rules.fill), *(("omit", name) for name in omitted)]


def _arguments(operation: Operation, key: str) -> Iterable[str]:
    """Return what `fill` may name, or what `omit` has named."""
    contract = operation.contract
    if key == "omit":
        return contract.omitted
    return cast("JsonObject", contract.input_schema["properties"])
