"""`dragoman tools --tokens`: where the tokens go, and which tools are strict."""

from __future__ import annotations

import pytest
from command_line import Run

from dragoman.tools import size


def test_the_largest_tool_comes_first_with_its_parts(run: Run) -> None:
    ran = run("tools", "--tokens")
    assert (ran.code, ran.err) == (0, "")
    head, *rows, total = ran.out.splitlines()
    assert head.split() == ["tool", "tokens", "description", "parameters", "strict"]
    tokens = [int(row.split()[1]) for row in rows]
    assert tokens == sorted(tokens, reverse=True)
    assert all(sum(map(int, row.split()[2:4])) < int(row.split()[1]) for row in rows)
    assert total.startswith(f"{len(rows)} tools, ")
    assert f"{sum(tokens):,} tokens" in total


def test_the_report_of_each_tool_is_there_as_json(run: Run) -> None:
    said = run("tools", "--tokens", "--json").json
    assert said["tokens"] == sum(tool["tokens"] for tool in said["tools"])
    assert not said["estimated"]
    assert said["left_out"] == {}
    for tool in said["tools"]:
        reasons = [note for note in tool["notes"] if note.startswith("not strict: ")]
        assert len(reasons) == (not tool["strict"])
    assert any(tool["strict"] for tool in said["tools"])


def test_what_json_prints_without_it_stays_what_openai_takes(run: Run) -> None:
    assert {tool["type"] for tool in run("tools", "--json").json["tools"]} == {"function"}


def test_an_estimate_is_marked_and_the_extra_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size, "_counter", lambda: None)
    for words in (("tools",), ("tools", "--tokens")):
        last = run(*words).out.splitlines()[-1]
        assert "~" in last
        assert "the extra dragoman[tokens] counts them" in last
