"""Whose a thing is: judged before anybody sees it, and before it is changed (`owner:`).

What belongs to another is *not found*, in the words in which the same operation tells of what is
not there at all: who asks does not learn that it exists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from dragoman.access.policy import Owner, Rules, facts_of
from dragoman.config.conditions import ConditionFault, evaluate
from dragoman.errors import ApiError, ArgumentError, NotFoundError
from dragoman.identifiers import new_id
from dragoman.operation import OWNER, Call, JsonValue, Operation

__all__ = ["absent", "check_before", "owned", "same_as_absent"]

_ABSENT = frozenset({403, 404, 410})
"""What an API answers for a thing that is not there, or not for whoever asks."""


async def check_before(
    call: Call, operation: Operation, rules: Rules, read: Callable[[Call], Awaitable[JsonValue]]
) -> None:
    """Read the thing that a call is about, where the owner's rule wants that, and judge it.

    The read is a call of its own, of the owner on behalf of the same end user. Raises
    `ArgumentError` where there is no end user to compare with, and `NotFoundError`.
    """
    owner = rules.owner
    if owner is None:
        return
    if owner.needs_user and call.user is None:
        raise ArgumentError(
            f"{operation.id} needs an end user: its owner rule asks for caller.user.",
            hint="Add --user ID (in Python: user=).",
            rule=rules.rule_of.get("owner", ""),
        )
    if owner.read is None:
        return
    try:
        arguments = {name: evaluate(text, facts_of(call)) for name, text in owner.arguments.items()}
    except ConditionFault:
        raise absent(operation, rules) from None
    with _not_found(operation, rules):
        found = await read(
            Call(
                id=new_id(),
                operation=owner.read,
                arguments=arguments,
                deadline=call.deadline,
                scope=f"call:{call.id}",
                caller=OWNER,
                user=call.user,
                door=call.door,
                parent=call.id,
                answer=call.answer,
                question=call.question,
            )
        )
    # In a thread: the thing that was read may be large.
    if not await asyncio.to_thread(_is_theirs, owner, call, found):
        raise absent(operation, rules)


def owned(data: JsonValue, call: Call, operation: Operation, rules: Rules) -> JsonValue:
    """Return what of an answer belongs to the end user: of a list, the items that do.

    Raises `NotFoundError` where it is another's.
    """
    owner = rules.owner
    if owner is None or owner.read is not None:
        return data
    if isinstance(data, list):
        return [item for item in data if _is_theirs(owner, call, item)]
    if not _is_theirs(owner, call, data):
        raise absent(operation, rules)
    return data


def same_as_absent(operation: Operation, rules: Rules) -> AbstractContextManager[None]:
    """Tell of what the API does not find as of what belongs to another.

    Where something was read first, it is theirs by now, and they are told what the API says.
    """
    is_judged = rules.owner is None or rules.owner.read is not None
    return nullcontext() if is_judged else _not_found(operation, rules)


@contextmanager
def _not_found(operation: Operation, rules: Rules) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        if error.upstream_status in _ABSENT:
            raise absent(operation, rules) from None
        raise


def absent(operation: Operation, rules: Rules) -> NotFoundError:
    """Return the error for what is not there, or is another's."""
    return NotFoundError(
        f"{operation.id} found nothing for these arguments.", rule=rules.rule_of.get("owner", "")
    )


def _is_theirs(owner: Owner, call: Call, result: JsonValue) -> bool:
    try:
        return evaluate(owner.where, facts_of(call, result=result)) is True
    except ConditionFault:
        return False
