"""What every action answers: one envelope, and one form of errors."""

from __future__ import annotations

from dragoman.errors import Problem
from dragoman.operation import JsonValue, Status

__all__ = ["RESPONSES", "SCHEMAS", "error_body"]

_OUTCOME = "Outcome"
_PROBLEM = "Problem"


def _text(description: str) -> JsonValue:
    return {"type": "string", "description": description}


SCHEMAS: dict[str, JsonValue] = {
    _OUTCOME: {
        "type": "object",
        "description": "What came of the call.",
        "required": ["status"],
        "properties": {
            "status": {
                "type": "string",
                "enum": [one.value for one in Status],
                "description": "Only 'ok' means that it was done. 'pending' waits for a person's "
                "yes, 'running' is not done yet, 'unknown' may have happened: do not repeat it.",
            },
            "data": {"description": "What the API answered, as it said it."},
            "shown": {"type": "integer", "description": "How many items of a list are here."},
            "total": {"type": "integer", "description": "How many items the list has."},
            "note": _text("What was left out, and how to get it."),
            "source": _text("The API that it came from."),
            "id": _text("The id of the call."),
            "approval": {
                "type": "object",
                "description": "Where a person signs in and answers, of a call that is pending.",
                "properties": {
                    "id": _text("The id of the approval."),
                    "url": _text("The address to give to the user."),
                },
            },
        },
    },
    _PROBLEM: {
        "type": "object",
        "description": "What went wrong (RFC 9457), and what would work.",
        "required": ["error", "code", "title", "status", "detail"],
        "properties": {
            "error": _text("What went wrong, in a sentence."),
            "code": _text("The kind of problem: arguments, refused, limit, api and others."),
            "type": _text("The kind of problem, as a URI."),
            "title": _text("The kind of problem, in words."),
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": _text("What went wrong, in a sentence."),
            "fault": _text("Whose fault it was: model, arguments, api, policy, configuration, us."),
            "retryable": {"type": "boolean", "description": "Whether the same call may be tried."},
            "retry_after_s": {"type": "number", "description": "Seconds to wait before that."},
            "hint": _text("What would work."),
            "rule": _text("The rule that refused it."),
            "errors": {
                "type": "array",
                "description": "What to change, by argument.",
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": _text("Which argument (RFC 6901)."),
                        "detail": _text("What is wrong with it."),
                    },
                },
            },
        },
    },
}
"""The components of a document. Nothing in them refers to another: the editor does not follow."""


def _content(name: str) -> JsonValue:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


RESPONSES: dict[str, JsonValue] = {
    "200": {"description": "What came of it.", "content": _content(_OUTCOME)},
    "default": {"description": "What went wrong.", "content": _content(_PROBLEM)},
}
"""The responses of every operation."""


def error_body(problem: Problem) -> dict[str, object]:
    """Return the body of an error: RFC 9457, and `error` beside `code`, where ChatGPT looks."""
    return {"error": problem.detail, **problem.as_json()}
