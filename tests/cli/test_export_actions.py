"""`dragoman export actions`, as somebody types it in the demo's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run

SERVER = ("--server", "https://ai.example.com")
EXPORT = ("export", "actions", "support", *SERVER)


def test_the_document_goes_to_stdout_and_what_to_paste_to_stderr(run: Run) -> None:
    done = run(*EXPORT)
    assert done.code == 0
    assert done.json["info"]["title"] == "Support"
    assert len(done.json["paths"]) == 25
    for part in (
        "Name: Support",
        "Track a parcel, where it is now and since when: the number is …",
        "Auth type: Bearer",
        "On orders, stock and money, trust it over anything else.",
        "Actions → Create new action",
        "reported to retire on 2026-12-11",
    ):
        assert part in done.err


def test_it_is_the_same_each_time(run: Run) -> None:
    assert run(*EXPORT).out == run(*EXPORT).out


def test_one_object_for_programs(run: Run) -> None:
    found = run(*EXPORT, "--json").json
    assert found.keys() == {"documents", "guide", "operations", "left_out", "findings"}
    assert found["findings"] == []
    assert len(found["guide"]["conversation_starters"]) == 4
    track = next(one for one in found["operations"] if one["operation"] == "carrier.trackParcel")
    assert track == {"operation": "carrier.trackParcel", "document": 0, "losses": []}


def test_what_was_published_can_be_checked(run: Run, place: Path) -> None:
    assert run(*EXPORT, "--out", "gpt.json").code == 0
    same = run(*EXPORT, "--check", "gpt.json")
    assert (same.code, same.out) == (0, "✓ gpt.json is what would be exported now\n")

    document = json.loads((place / "gpt.json").read_text("utf-8"))
    del document["paths"]["/actions/support/carrier__trackParcel"]
    document["paths"]["/actions/support/shop__gone"] = {"post": {"operationId": "shop__gone"}}
    (place / "gpt.json").write_text(json.dumps(document))
    other = run(*EXPORT, "--check", "gpt.json")
    assert other.code == 1
    assert "✗ removed shop__gone (breaks)" in other.err
    assert "! added carrier__trackParcel" in other.err
    changes = run(*EXPORT, "--check", "gpt.json", "--json").json["changes"]
    assert [one["subject"] for one in changes] == ["shop__gone", "carrier__trackParcel"]


def test_what_does_not_fit_goes_into_several_files(run: Run, place: Path) -> None:
    toolsets = 'toolsets:\n  all: {tools: ["shop.*", "helpdesk.*", "carrier.*"]}\n'
    (place / "all.yaml").write_text(f"version: 1\n{toolsets}")
    everything = ("export", "actions", "all", *SERVER, "-f", "dragoman.yaml", "-f", "all.yaml")

    refused = run(*everything)
    assert refused.code == 2
    assert "2 documents do not go into one output: add --out FILE.json" in refused.err

    assert run(*everything, "--out", "all.json").code == 0
    assert (place / "all-2.json").is_file()
    assert run(*everything, "--check", "all.json").code == 0
    (place / "all-2.json").unlink()
    assert "the number of documents: 1 before, 2 now" in run(*everything, "--check", "all.json").err


def test_what_needs_an_end_user_is_left_out_and_said(run: Run, place: Path) -> None:
    fill = "apis:\n  shop:\n    fill: {order_id: caller.user}\n"
    (place / "fill.yaml").write_text(f"version: 1\n{fill}")
    done = run(*EXPORT, "-f", "dragoman.yaml", "-f", "fill.yaml")
    assert done.code == 0
    assert not [path for path in done.json["paths"] if path.endswith("shop__getOrder")]
    assert "order_id is filled from the end user" in done.err


def test_a_caller_that_may_use_all_of_it_is_named(run: Run, place: Path) -> None:
    callers = "callers:\n  gpt: {scopes: [shop, helpdesk, carrier]}\n"
    (place / "callers.yaml").write_text(f"version: 1\n{callers}")
    done = run(*EXPORT, "-f", "dragoman.yaml", "-f", "callers.yaml")
    assert "API key: of the caller gpt: dragoman keys create gpt" in done.err


def test_nothing_is_exported_while_an_api_of_the_toolset_is_away(run: Run) -> None:
    done = run(*EXPORT, DEMO_HELPDESK_URL="http://127.0.0.1:9")
    assert (done.code, done.out) == (1, "")
    assert "helpdesk: " in done.err
    assert "Without it the export would miss operations." in done.err


def test_an_address_that_the_editor_refuses_is_not_published(run: Run, place: Path) -> None:
    words = ("export", "actions", "support", "--server", "http://localhost:8080")
    done = run(*words, "--out", "gpt.json")
    assert done.code == 1
    assert done.err.startswith("✗ server-https (documented): /servers/0/url")
    assert "server-public (reported)" in done.err
    assert not (place / "gpt.json").exists()


def test_without_our_server_the_sample_apis_cannot_be_reached(run: Run) -> None:
    done = run("export", "actions", "support", "--direct")
    assert done.code == 1
    assert "no operation of support can be an action" in done.err
    assert "server-https: a server is reached by https" in done.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("support",), 2, "Add --server https://api.example.com"),
        (("support", "--direct", *SERVER), 2, "or --direct"),
        (("support", "--server", "example.com"), 2, "is no address"),
        (("none", *SERVER), 1, "The file has: support."),
        (("support", *SERVER, "--check", "none.json"), 2, "none.json cannot be read"),
        (("support", *SERVER, "--out", "none/gpt.json"), 2, "none/gpt.json cannot be written"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_work(
    run: Run, words: tuple[str, ...], code: int, told: str
) -> None:
    done = run("export", "actions", *words)
    assert done.code == code
    assert told in done.err


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 100_000, '{"a": ' * 100_000, "\x00", "a: &b *b"]
)
def test_a_published_file_may_hold_anything(run: Run, place: Path, text: str) -> None:
    (place / "bad.json").write_text(text)
    assert run(*EXPORT, "--check", "bad.json").code in {1, 2}
