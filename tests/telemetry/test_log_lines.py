"""The log on stderr: one harmless line an event, in either form."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from collector import Opener

from dragoman import Dragoman
from dragoman.secrets.live import LiveValues
from dragoman.telemetry.logs import LogHandler, install

SECRET = "s3cret-värde\nof\ttwo lines"

log = logging.getLogger("dragoman.calls")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the loggers of the test run as they were."""
    ours = logging.getLogger("dragoman")
    level = ours.level
    yield
    ours.setLevel(level)
    for name in ("dragoman", "opentelemetry"):
        logger = logging.getLogger(name)
        for handler in [one for one in logger.handlers if isinstance(one, LogHandler)]:
            logger.removeHandler(handler)


@pytest.fixture
def live() -> LiveValues:
    """The live values of a program, one secret among them."""
    values = LiveValues()
    values.add(SECRET, "KEY")
    return values


def read(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What stands on stderr, a line an event."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_a_call_is_one_line_with_what_came_of_it(
    opened: Opener, capsys: pytest.CaptureFixture[str]
) -> None:
    d: Dragoman = await opened({"logs": "json", "level": "info"})
    d.log_to_stderr()
    done = await d.call("shop.getOrder", {"order_id": "1042"}, user="u_7", caller="bot")
    refused = await d.call("shop.getOrder", {"order_id": "a"})
    first, second = read(capsys)
    assert {name: first[name] for name in first if name not in {"at", "seconds"}} == {
        "event": "call",
        "level": "info",
        "call": done.id,
        "operation": "shop.getOrder",
        "caller": "bot",
        "status": "ok",
    }
    assert first["seconds"] > 0
    assert (second["call"], second["code"], second["fault"]) == (
        refused.id,
        "arguments",
        "arguments",
    )


async def test_by_default_a_call_writes_no_line(
    opened: Opener, capsys: pytest.CaptureFixture[str]
) -> None:
    d: Dragoman = await opened()
    d.log_to_stderr()
    await d.call("shop.getOrder", {"order_id": "1042"})
    assert capsys.readouterr().err == ""


async def test_a_library_leaves_the_logging_of_its_process_alone(opened: Opener) -> None:
    before = [list(logging.getLogger(name).handlers) for name in ("", "dragoman")]
    level = logging.getLogger("dragoman").level
    d: Dragoman = await opened({"logs": "json", "level": "debug"})
    await d.call("shop.getOrder", {"order_id": "1042"})
    assert [list(logging.getLogger(name).handlers) for name in ("", "dragoman")] == before
    assert logging.getLogger("dragoman").level == level


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_is_taken_out_wherever_it_stands(
    form: Any, live: LiveValues, capsys: pytest.CaptureFixture[str]
) -> None:
    install(form, "info", live.redact)
    log.info(
        "of %s", SECRET, extra={SECRET: 1, "deep": {"a": [SECRET]}, "long": "x" * 1990 + SECRET}
    )
    log.error("failed", exc_info=ValueError(SECRET))
    said = capsys.readouterr().err
    assert "s3cret" not in said
    assert said.count("[KEY]") >= 4
    assert len(said.splitlines()) == 2 if form == "json" else 3


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_text_makes_a_line_of_its_own_or_moves_the_cursor(
    form: Any, live: LiveValues, capsys: pytest.CaptureFixture[str]
) -> None:
    install(form, "info", live.redact)
    hostile = "x\n2026-01-01 [error] forged\r\x1b[2J\u202e\u2028\x00"
    log.info(hostile, extra={"operation": hostile, hostile: hostile})
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.removesuffix("\n").isprintable()


def test_a_line_is_bounded_and_stays_json(
    live: LiveValues, capsys: pytest.CaptureFixture[str]
) -> None:
    install("json", "info", live.redact)
    many = {f"field_{number}" + "n" * 500: "v" * 100_000 for number in range(500)}
    log.info("e" * 100_000, extra=many)
    said = capsys.readouterr().err
    assert len(said) < 30 * 2_200
    assert len(json.loads(said)) == 30


def test_a_line_that_cannot_be_written_says_only_so(
    live: LiveValues, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = log.makeRecord(log.name, logging.WARNING, __file__, 1, "%d of them", (SECRET,), None)
    LogHandler("text", live.redact).handle(wrong)
    assert capsys.readouterr().err == "a line of dragoman.calls could not be logged: TypeError\n"


def test_off_is_silent_and_the_last_that_was_installed_counts(
    live: LiveValues, capsys: pytest.CaptureFixture[str]
) -> None:
    install("json", "info", live.redact)
    install("off", "info", live.redact)
    log.error("nobody hears this")
    assert capsys.readouterr().err == ""


def test_the_form_of_text_has_no_colours_away_from_a_terminal(
    live: LiveValues, capsys: pytest.CaptureFixture[str]
) -> None:
    install("text", "info", live.redact)
    log.warning("the store is slow", extra={"seconds": 2.5})
    said = capsys.readouterr().err
    assert said.split("Z ", 1)[1] == "[warning  ] the store is slow seconds=2.5\n"
