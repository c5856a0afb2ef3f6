"""What servers answer: results, errors and tokens."""

from __future__ import annotations

import json
from collections.abc import Coroutine

from dragoman.access.policy import Rules
from dragoman.apis.http.answer import problem_of, read_answer
from dragoman.call.shape import Shape
from dragoman.clock import Deadline, SystemClock
from dragoman.credentials.token_response import read_token
from dragoman.exact_json import encode
from dragoman.network import Response
from dragoman.operation import Call, Contract, Effect, Operation, Outcome, Prepared, Received
from dragoman.secrets.live import LiveValues
from torture import seeds
from torture.choices import Choices
from torture.hostile import as_json, mutated, value
from torture.promise import expected

__all__ = ["answer", "shape", "token"]

_CONTRACT = Contract({"type": "object", "properties": {"page": {}}}, (), None)
_OPERATION = Operation("a.b", "a", "b", "http", Effect.READ, read=lambda: _CONTRACT)
_LIVE = LiveValues()
_DEADLINE = Deadline.after(3_600, SystemClock())
_PREPARED = Prepared("a.b", "a", "http", Effect.READ, "GET", "https://a.example/")


def answer(data: bytes) -> None:
    """Read an answer, good or bad, and its error."""
    choices = Choices(data)
    status = choices.pick((200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503, 99, 999))
    media_type = choices.pick(seeds.MEDIA_TYPES)
    names = ("Retry-After", "Date", "WWW-Authenticate", "Content-Type", "content-type")
    headers = tuple(
        (choices.pick(names), choices.pick(seeds.HEADER_VALUES)) for _ in range(choices.below(4))
    )
    body = as_json(value(choices)) if choices.below(2) else data[choices.at :]
    received = Received(status, media_type, headers, body, 0.1, credential="bearer ${T}")
    problem = problem_of(_PREPARED, received)
    if problem is not None:
        assert len(problem.detail) < 1_000, f"an error of {len(problem.detail):,} characters"
        json.dumps(problem.problem.as_json()).encode()
    with expected():
        encode(read_answer(received))


def shape(data: bytes) -> None:
    """Select from an answer, and cut it to a budget; what is left is JSON."""
    choices = Choices(data)
    pieces = [choices.pick(seeds.SELECTS) for _ in range(choices.below(6))]
    expression = "".join(pieces) if choices.below(3) else choices.pick(seeds.WHOLE_SELECTS)
    rules = Rules(select=expression if choices.below(4) else None)
    call = Call("c", "a.b", {}, _DEADLINE, "s", budget=choices.pick((None, 100, 2_000)))
    body = as_json(value(choices))[:100_000]  # what is larger is shaped in a thread
    received = Received(200, "application/json", (), body, 0.1)
    with expected():
        shaped = Shape(_LIVE)(call, _OPERATION, rules, _PREPARED, received)
        encode(_returned(shaped).data)


def _returned(shaped: Coroutine[None, None, Outcome]) -> Outcome:
    """Return what a small answer becomes, for which nothing has to be waited."""
    try:
        shaped.send(None)
    except StopIteration as ended:
        outcome: Outcome = ended.value
        return outcome
    shaped.close()
    raise AssertionError("it waits for something")


def token(data: bytes) -> None:
    """Read what a token endpoint answered."""
    choices = Choices(data)
    root = json.loads(choices.pick(seeds.TOKENS))
    body = as_json(mutated(root, choices)) if choices.below(4) else data[choices.at :]
    status = choices.pick((200, 201, 400, 401, 429, 503))
    headers = (("content-type", choices.pick(seeds.MEDIA_TYPES)),)
    found = read_token(Response(status, headers, body, "https://a.example/token", 0.1))
    assert len(repr(found)) < 2_000, "what is said of a token is long"
