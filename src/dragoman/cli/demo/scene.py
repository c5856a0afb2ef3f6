"""The scene: Maria says that her parcel is late. What is asked, and what a person answers.

Nothing here knows what the APIs will say. Where a write waits, a person's answer is a command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dragoman.app import Dragoman
from dragoman.audit.approvals import ApprovalState
from dragoman.cli.command import WAITING
from dragoman.cli.demo.stage import Stage, title
from dragoman.cli.terminal import complain, note

__all__ = ["OFFLINE_SCENE", "ONE_SENTENCE", "QUESTIONS_AFTER", "Step", "play"]


@dataclass(frozen=True, slots=True)
class Step:
    """A question. `verdict` is what the person says to the write that it leads to, if to any."""

    title: str
    question: str
    verdict: Literal["approve", "deny"] | None = None
    reason: str = ""
    remark: str = ""


OFFLINE_SCENE: tuple[Step, ...] = (
    Step("Maria has written. What does she say?",
         "Which tickets did maria.keller@example.com write?"),
    Step("Which order is it?", "Which orders did maria.keller@example.com place?"),
    Step("What do we know of it?", "Where is order 1042?"),
    Step("And where is its parcel?", "Where is parcel PX-100042?",
         remark="Is that over seven days late? A person judges it, and asks for the refund:"),
    Step("Give her the shipping back", "Refund the shipping of order 1042", "approve",
         remark="Nothing was sent yet. A person reads the exact request, and says yes:"),
)  # fmt: skip
"""The scene as short questions, each within the reach of the planner."""

ONE_SENTENCE: tuple[Step, ...] = (
    Step(
        "Maria says that her parcel is late",
        "Maria (maria.keller@example.com) says that her parcel is late: where is it? "
        "Refund the shipping if it is over seven days.",
        "approve",
        remark="What waits for a yes was not sent. A person reads the exact request, and says yes:",
    ),
)
"""The same for a language model."""

QUESTIONS_AFTER = (
    Step("An order that there is not", "Where is order 9999?"),
    Step("A request that destroys", "Delete customer cu-110", "deny",
         reason="customers are never deleted on request of a chat",
         remark="A person says no, and the answer is told why:"),
    Step("A plain question", "How many units of LAMP-01 are in stock?"),
)  # fmt: skip


async def play(stage: Stage, steps: Sequence[Step]) -> bool:
    """Ask the questions in turn; return whether each came to an end that it should come to."""
    outcomes = [await _ask(stage, step) for step in steps]
    return all(outcomes)


async def _ask(stage: Stage, step: Step) -> bool:
    title(step.title)
    code = await stage.run("ask", step.question)
    if step.remark:
        note(step.remark)
    if step.verdict is None or code != WAITING:
        if step.verdict is not None:
            complain("a write was to wait here, and none does")
        return step.verdict is None
    for approval in await waiting(stage):
        words = ["--reason", step.reason] if step.reason else []
        await stage.run("approvals", step.verdict, approval, *words)
    return True


async def waiting(stage: Stage) -> list[str]:
    """Return the ids of what waits for a yes now."""
    async with Dragoman(stage.folder / "dragoman.yaml") as d:
        return [one.id for one in await d.parts.approvals.list(ApprovalState.WAITING)]
