"""What is printed: neutral to the terminal, exact, and to the stream that it belongs to."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from dragoman.cli import terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n日本 é 😀", "plain\ttext\n日本 é 😀"),
        ("\x1b[2J\x1b]0;title\x07", "\ufffd[2J\ufffd]0;title\ufffd"),
        ("a\rb\x00\x7f\x9b31m", "a\ufffdb\ufffd\ufffd\ufffd31m"),
    ],
)
def test_text_cannot_move_the_cursor_or_hide(text: str, shown: str) -> None:
    assert terminal.neutral(text) == shown


def test_results_go_to_stdout_and_complaints_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.note("found")
    terminal.mark("right")
    terminal.complain("wrong\x1b[31m")
    terminal.warn("beware")
    terminal.progress("nobody watches")
    printed = capsys.readouterr()
    assert printed.out == "found\n✓ right\n"
    assert printed.err == "✗ wrong\ufffd[31m\n! beware\n"


def test_without_a_terminal_nobody_can_be_asked() -> None:
    assert not terminal.can_ask()


class Terminal:
    """Stands in for a stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_and_no_color_is_respected(monkeypatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert terminal._colour("x", "31", Terminal()) == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal._colour("x", "31", Terminal()) == "x"


def test_json_is_exact_and_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_json({"amount": Decimal("25.00"), "id": 9007199254740993, "name": "é"})
    assert capsys.readouterr().out == (
        '{\n  "amount": 25.00,\n  "id": 9007199254740993,\n  "name": "é"\n}\n'
    )


def test_a_table_aligns_numbers_to_the_right_and_keeps_a_row_a_line() -> None:
    rows = [("shop", 5, "a\nb\x1b"), ("carrier", 1204, None)]
    assert terminal.table(("api", "calls", ""), rows).splitlines() == [
        "api      calls",
        "shop         5  a b\ufffd",
        "carrier   1204",
    ]
    assert terminal.table(("at",), [(datetime(2026, 11, 17, 14, 2, tzinfo=UTC),)]) == (
        "at\n2026-11-17 14:02:00"
    )
    assert terminal.table(("", ""), []) == ""


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0004, "0 ms"), (0.012, "12 ms"), (1.26, "1.3 s"), (75, "75.0 s")]
)
def test_times_are_written_as_people_read_them(seconds: float, shown: str) -> None:
    assert terminal.duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1234, "1.2 KB"), (5_000_000, "5.0 MB")]
)
def test_sizes_are_written_as_people_read_them(count: int, shown: str) -> None:
    assert terminal.size(count) == shown
