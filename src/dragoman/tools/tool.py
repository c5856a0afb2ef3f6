"""One operation as a model sees it."""

from __future__ import annotations

from collections.abc import Collection

from dragoman.operation import Effect, Operation, Tool
from dragoman.tools.naming import tool_name
from dragoman.tools.prose import bounded, plain, visible
from dragoman.tools.slim import ABRIDGED, slim
from dragoman.tools.strict import strict
from dragoman.tools.strict_limits import keywords

__all__ = ["MAX_DESCRIPTION", "NOT_STRICT", "make_tool"]

MAX_DESCRIPTION = 500
"""Characters of a tool's description, what we add to it included."""

NOT_STRICT = "not strict: "
"""Begins the note of a tool that says why OpenAI cannot hold a model to it."""

_EFFECTS = {
    Effect.READ: "",
    Effect.WRITE: "This changes data.",
    Effect.DESTRUCTIVE: "This deletes or overwrites data for good.",
}
_DEPRECATED = "It is deprecated: prefer another."
_CUT = f"Where it says {ABRIDGED}, all that the API documents is accepted."


def make_tool(operation: Operation, *, filled: Collection[str] = ()) -> Tool:
    """Return the tool of an operation, strict where that refuses nothing that the API accepts.

    The arguments named in `filled` are the owner's to fill: the model does not learn of them.
    What is cut from a schema that is too large is marked in it, and is accepted all the same.
    Reads the contract, which may raise `DescriptionError`.
    """
    slimmed = slim(operation.contract.input_schema, without=filled)
    description, is_shortened = _description(operation, is_cut=bool(slimmed.cut))
    form, reason = strict(slimmed.schema)
    notes = [*slimmed.notes]
    if is_shortened:
        notes.append("its description is shortened")
    if form is None:
        notes.insert(0, f"{NOT_STRICT}{reason}")
    elif moved := keywords(slimmed.schema) - keywords(form):
        notes.append(f"said in words, or less strictly, and enforced on the call: {_list(moved)}")
    return Tool(
        name=tool_name(operation.id),
        operation=operation.id,
        description=description,
        parameters=slimmed.schema,
        effect=operation.effect,
        strict=form is not None,
        strict_parameters=form,
        notes=tuple(notes),
    )


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


def _description(operation: Operation, *, is_cut: bool) -> tuple[str, bool]:
    """Join what the description says with what we know; ours is never what gets cut.

    The second value says whether something of the description's was.
    """
    ours = [
        _EFFECTS[operation.effect],
        _DEPRECATED if operation.deprecated else "",
        _CUT if is_cut else "",
    ]
    ending = " ".join(part for part in ours if part)
    whole = _text(operation)
    text = bounded(whole, MAX_DESCRIPTION - len(ending) - 1)
    return f"{text} {ending}".strip(), text != whole


def _text(operation: Operation) -> str:
    summary, description = (
        visible(plain(text)) for text in (operation.summary, operation.description)
    )
    if not summary or description.lower().startswith(summary.rstrip(".").lower()):
        return _sentence(description) or operation.route or operation.name
    return f"{_sentence(summary)} {_sentence(description)}".strip()


def _sentence(text: str) -> str:
    return f"{text}." if text and text[-1].isalnum() else text
