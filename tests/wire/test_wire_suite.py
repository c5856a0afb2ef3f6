"""The promise of docs/wire.md: a description and arguments become exactly these bytes, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire_case import Case, Refused, Sent, Unsupported
from wire_page import PAGE, page
from wire_run import Servers, expected_bytes, opened, outcome_of
from wire_suite import SECTIONS

from dragoman import Status
from network.raw_server import answer, answering

NAMED = [(case, f"{section.title}: {case.title}") for section in SECTIONS for case in section.cases]
OWN = [(case, name) for case, name in NAMED if not isinstance(case.described, str)]
VENDORS = [(case, name) for case, name in NAMED if isinstance(case.described, str)]


def of_kind(kind: type) -> list[object]:
    """Parameters of a test: the cases of small documents that end in this way."""
    return [pytest.param(case, id=name) for case, name in OWN if isinstance(case.expected, kind)]


@pytest.mark.parametrize("case", of_kind(Sent))
async def test_a_call_is_sent_in_exactly_these_bytes(
    case: Case, servers: Servers, tmp_path: Path
) -> None:
    outcome = await outcome_of(case, servers, tmp_path)
    assert outcome.problem is None
    assert_heard(case, servers)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for case, name in VENDORS])
async def test_an_operation_of_a_vendor_is_called_as_its_documentation_says(
    case: Case, servers: Servers, tmp_path: Path, specs: Path
) -> None:
    outcome = await outcome_of(case, servers, tmp_path, specs)
    assert outcome.problem is None
    assert_heard(case, servers)


def assert_heard(case: Case, servers: Servers) -> None:
    """Compare all that was heard with the one request that is expected."""
    assert isinstance(case.expected, Sent)
    server = getattr(servers, case.expected.to)
    assert len(servers.api.requests) + len(servers.other.requests) == 1
    assert server.requests == [expected_bytes(case.expected, server, server.requests[0])]


@pytest.mark.parametrize("case", of_kind(Refused))
async def test_what_cannot_be_carried_is_refused_before_anything_is_sent(
    case: Case, servers: Servers, tmp_path: Path
) -> None:
    outcome = await outcome_of(case, servers, tmp_path)
    expected, problem = case.expected, outcome.problem
    assert isinstance(expected, Refused)
    assert problem is not None
    assert problem.code == expected.code
    assert expected.words in problem.detail
    assert servers.api.connections == servers.other.connections == 0


@pytest.mark.parametrize("case", of_kind(Unsupported))
async def test_what_cannot_be_built_is_unsupported_and_says_why_before_any_call(
    case: Case, servers: Servers, tmp_path: Path
) -> None:
    expected = case.expected
    assert isinstance(expected, Unsupported)
    async with opened(case, servers, tmp_path) as d:
        assert expected.words in d.parts.catalog.get("api.op").contract.unsupported
        outcome = await d.call("api.op", case.arguments)
    assert outcome.problem is not None
    assert outcome.problem.code == "unsupported"
    assert expected.words in outcome.problem.detail
    assert servers.api.connections == servers.other.connections == 0


async def test_a_secret_in_an_upstream_error_is_kept_from_the_model(
    servers: Servers, tmp_path: Path
) -> None:
    """The row of the peers' table that is about what comes back."""
    said = b'{"detail": "bad key key_e5f6a7b8", "trace": "X-Api-Key: key_e5f6a7b8"}'
    servers.api.script = answering(
        answer(said, "Content-Type: application/json", status="400 Bad Request")
    )
    (case,) = (case for case, name in OWN if case.title == "key in a header")
    outcome = await outcome_of(case, servers, tmp_path)
    assert outcome.status is Status.FAILED
    assert outcome.problem is not None
    assert "bad key" in outcome.problem.detail
    assert b"key_e5f6a7b8" in servers.api.requests[0]
    assert "key_e5f6a7b8" not in repr(outcome)


def test_the_page_is_made_from_these_cases() -> None:
    assert PAGE.read_text("utf-8") == page(), "stale: run `python tests/wire/wire_page.py`"


def test_titles_are_different_within_a_section() -> None:
    for section in SECTIONS:
        titles = [case.title for case in section.cases]
        assert len(titles) == len(set(titles)), section.title
