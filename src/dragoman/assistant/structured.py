"""Answers in the form of a pydantic model: checked here, and asked for once more where not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dragoman.assistant.answer import Answer, Question
from dragoman.assistant.assistant import Assistant
from dragoman.errors import ModelError
from dragoman.operation import Status

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["validated"]


async def validated(
    assistant: Assistant, question: Question, answer: Answer, output: type[BaseModel]
) -> Answer:
    """Return the answer with `data` as an instance of `output`, or failed where it is none.

    The model has one chance to correct itself: it is told what does not fit.
    """
    if not answer.ok:
        return answer
    data, complaint = _read(answer.text, output)
    if complaint:
        answer = await assistant.repair(question, answer, complaint)
        data, complaint = _read(answer.text, output) if answer.ok else (None, "")
    if complaint:
        error = ModelError(f"The answer is not in the form of {output.__name__}: {complaint}")
        return replace(answer, status=Status.FAILED, problem=error.problem)
    return replace(answer, data=data)


def _read(text: str, output: type[BaseModel]) -> tuple[BaseModel | None, str]:
    from pydantic import ValidationError  # noqa: PLC0415 - only where a form is asked for

    try:
        return output.model_validate_json(text), ""
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)[:5]
        ]
        return None, "; ".join(faults)
