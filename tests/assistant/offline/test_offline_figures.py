"""The planner measured on descriptions and tasks that were not written for it (-s shows)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.offline.offline_asking import Asked, real_operations, tools_of
from dragoman.operation import Effect

PLAIN_FTS5 = 35
BLOCK = "0f0e7d52-9a3b-4c1e-8f77-2b1a6d9c4e10"

NOTION = {
    f"Delete the block {BLOCK}": "deleteABlock",
    f"Show block {BLOCK}": "retrieveABlock",
    f"What are the children of the block {BLOCK}?": "retrieveBlockChildren",
    f"Append children to the block {BLOCK}": "appendBlockChildren",
    f"Update the block {BLOCK}": "updateABlock",
    f"Which comments are there on block {BLOCK}?": "retrieveComments",
    f"What does the database {BLOCK} look like?": "retrieveADatabase",
    f"Query the database {BLOCK}": "queryADatabase",
    f"Update the properties of page {BLOCK}": "updatePageProperties",
    f"Who is the user {BLOCK}?": "retrieveAUser",
}

NO_WRITE = {
    "stripe": (
        "How many open invoices does cus_9s6XKzkNRiz8i3 have?",
        "Show me the refund re_1Nispe2eZvKYlo2C",
        "My payment failed yesterday.",
        "The refund for ch_3MmlLrLkdIwHu7ix took ten days.",
        "Is the subscription sub_1MowQVLkdIwHu7ix cancelled?",
        "Refund status of charge ch_3MmlLrLkdIwHu7ix?",
        "Did anyone cancel the payment intent pi_3MtwBwLkdIwHu7ix?",
        "Charges of last week",
        "Transfer tr_1MiN3gLkdIwHu7ix went to the wrong account.",
        "Which payout was returned, and why?",
    ),
    "github": (
        "Who closed issue 1347 of octocat/hello-world?",
        "The merge of pull request 12 broke the build.",
        "What are the branches of hello-world?",
        "Who may delete repositories in our organization?",
        "Issue 1347 was locked yesterday.",
        "Is the gist aa5a315d61ae9438b18d starred?",
        "My fork of hello-world is behind.",
        "Release 1.0 of hello-world is broken",
        "Star count of hello-world",
        "Issues that mention a crash",
    ),
}


def test_more_first_operations_are_right_than_plain_search_gets(specs: Path) -> None:
    operations = real_operations(specs / "tmdb.json")
    routes = {operation.id: operation.route for operation in operations}
    asked = Asked(tools_of(operations))
    tasks = json.loads((specs.parent / "tasks" / "restbench-tmdb.json").read_text())
    declined = {True: 0, False: 0}
    right = 0
    for task in tasks:
        operation, is_called = asked.first(task["query"])
        is_right = routes.get(operation) in [step.strip() for step in task["solution"]]
        right += is_right
        declined[is_right] += not is_called
    print(  # noqa: T201 - the figures are what it is for
        f"\nRestBench TMDB: the first operation is right for {right} of {len(tasks)}; "
        f"{sum(declined.values())} were declined, with a right line first in {declined[True]}"
    )
    assert right > PLAIN_FTS5


def test_requests_in_plain_words_name_their_operation(specs: Path) -> None:
    asked = Asked(tools_of(real_operations(specs / "notion.json")))
    found = {question: asked.first(question)[0] for question in NOTION}
    assert found == {question: f"notion.{name}" for question, name in NOTION.items()}


@pytest.mark.parametrize("given", ["all tools", "writing tools"])
@pytest.mark.parametrize("name", NO_WRITE)
def test_what_asks_for_no_change_proposes_none(specs: Path, name: str, given: str) -> None:
    tools = tools_of(real_operations(specs / f"{name}.json"))
    reads = {tool.operation for tool in tools if tool.effect is Effect.READ}
    asked = Asked(tools if given == "all tools" else [t for t in tools if t.operation not in reads])
    called = [call for question in NO_WRITE[name] if (call := asked.called(question))]
    print(f"\n{name}, {given}: of {len(NO_WRITE[name])} requests {len(called)} call a read")  # noqa: T201
    assert {operation for operation, _ in called} <= reads
