"""One operation as a model sees it."""

from __future__ import annotations

from collections.abc import Collection

from dragoman.operation import Effect, Operation, Tool
from dragoman.tools.naming import tool_name
from dragoman.tools.prose import bounded, visible
from dragoman.tools.slim import ABRIDGED, slim

__all__ = ["MAX_DESCRIPTION", "make_tool"]

MAX_DESCRIPTION = 1_000
"""Characters of a tool's description, what we add to it included."""

_EFFECTS = {
    Effect.READ: "",
    Effect.WRITE: "This changes data.",
    Effect.DESTRUCTIVE: "This deletes or overwrites data for good.",
}
_DEPRECATED = "It is deprecated: prefer another."
_CUT = f"Where it says {ABRIDGED}, all that the API documents is accepted."


def make_tool(operation: Operation, *, filled: Collection[str] = ()) -> Tool:
    """Return the tool of an operation.

    The arguments named in `filled` are the owner's to fill: the model does not learn of them.
    What is cut from a schema that is too large is marked in it, and is accepted all the same.
    Reads the contract, which may raise `DescriptionError`.
    """
    slimmed = slim(operation.contract.input_schema, without=filled)
    return Tool(
        name=tool_name(operation.id),
        operation=operation.id,
        description=_description(operation, is_cut=bool(slimmed.cut)),
        parameters=slimmed.schema,
        effect=operation.effect,
    )


def _description(operation: Operation, *, is_cut: bool) -> str:
    """Join what the description says with what we know; ours is never what gets cut."""
    ours = [
        _EFFECTS[operation.effect],
        _DEPRECATED if operation.deprecated else "",
        _CUT if is_cut else "",
    ]
    ending = " ".join(part for part in ours if part)
    text = bounded(_text(operation), MAX_DESCRIPTION - len(ending) - 1)
    return f"{text} {ending}".strip()


def _text(operation: Operation) -> str:
    summary, description = visible(operation.summary), visible(operation.description)
    if not summary or description.lower().startswith(summary.rstrip(".").lower()):
        return _sentence(description) or operation.route or operation.name
    return f"{_sentence(summary)} {_sentence(description)}".strip()


def _sentence(text: str) -> str:
    return f"{text}." if text and text[-1].isalnum() else text
