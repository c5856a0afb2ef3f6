"""Sent again with the same `Idempotency-Key`, a request gives its first answer.

With other arguments it is refused with 422 (draft-ietf-httpapi-idempotency-key-header, 2.7).
Only what succeeded is kept: a refusal has changed nothing, and may be tried again.
"""

from __future__ import annotations

import json

import msgspec

from dragoman.demo.work import Answer, Call, RefusalError, Work
from dragoman.demo.writing import encoded

__all__ = ["KEY", "once"]

KEY = "Idempotency-Key"
_FIND = "SELECT * FROM first_answers WHERE client = ? AND idempotency_key = ?"
_KEEP = "INSERT INTO first_answers VALUES (?, ?, ?, ?, ?)"


def once(work: Work) -> Work:
    """Return work that is done once for a key, in the same transaction as the note of it."""

    def done(call: Call) -> Answer:
        key = call.arguments.get(KEY)
        if key is None:
            return work(call)
        first = call.database.execute(_FIND, (call.client, key)).fetchone()
        if first is None:
            answer = work(call)
            kept = (call.client, key, _request(call), answer.status, encoded(answer.body))
            call.database.execute(_KEEP, kept)
            return answer
        if first["request"] != _request(call):
            hint = f"This {KEY} was used for another request. Take a new one for a new request."
            raise RefusalError(422, "Key already used", hint)
        body = msgspec.Raw(first["body"])
        return Answer(body, first["status"], headers={"Idempotency-Replayed": "true"})

    return done


def _request(call: Call) -> str:
    rest = {name: value for name, value in call.arguments.items() if name != KEY}
    return json.dumps([call.operation, rest], sort_keys=True)
