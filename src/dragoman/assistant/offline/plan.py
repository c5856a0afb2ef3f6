"""Which call answers a question: one tool, at most one look-up before it, or none.

A plan explains a word if one of its tools has it, and a value if one of its arguments takes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from dragoman.assistant.offline.fill import ALONE, Slot, Step, fill
from dragoman.assistant.offline.words import Index, read, words_of
from dragoman.operation import Effect

__all__ = ["Plan", "decide"]

# All in units of the best fit of one tool to the words of the question.
_VALUE, _NAME, _MISSING, _UNUSED, _ORDER, _LOOK_UP, _FAR = 0.8, 0.5, 0.2, 0.3, 0.3, 0.1, 0.3
_READ_MARGIN, _WRITE_MARGIN = 0.07, 0.2  # how far ahead the best plan must be to be followed
_READ_NAMED, _WRITE_NAMED = 0.4, 0.6  # how much of a name the question must say
_MAX_RANKED = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to answer; where an argument is `wanted`, the first step is to find it."""

    score: float
    first: Step
    target: Step
    wanted: Slot | None = None
    is_ready: bool = True

    @property
    def reads(self) -> bool:
        """Whether nothing is changed by it."""
        return self.target.tool.effect is Effect.READ


def decide(question: str, index: Index) -> tuple[Plan | None, tuple[Step, ...]]:
    """Return the plan that wins clearly, if one does, and the three steps that come nearest.

    Where plans as good begin alike, that beginning is the plan. A write that the question does
    not order stands in no read's way.
    """
    plans = sorted(_Weighing(question, index).plans(), key=lambda plan: -plan.score)
    nearest = tuple({plan.target.tool.name: plan.target for plan in plans}.values())[:3]
    if not plans or not plans[0].is_ready:
        return None, nearest
    best, first = plans[0], plans[0].first
    margin = _READ_MARGIN if best.reads else _WRITE_MARGIN
    rivals = (plan for plan in plans[1:] if plan.is_ready or plan.reads)
    close = [plan for plan in rivals if plan.score > best.score - margin]
    if any(plan.first is not first for plan in close):
        return None, nearest
    return Plan(best.score, first, first) if close else best, nearest


class _Weighing:
    """Every plan for one question, with its score."""

    def __init__(self, question: str, index: Index) -> None:
        self._index, self._said = index, read(question, index)
        self._stems = frozenset().union(*self._said.stems)
        self._fits = [index.fits(word) for word in self._said.words]
        total = sum(map(Counter, self._fits), Counter[int]())
        self._unit = max(total.values(), default=1.0)
        self._ranked = sorted(total, key=lambda place: (-total[place], place))[:_MAX_RANKED]
        self._step = cache(lambda place: fill(place, self._said, index))
        self._named = cache(lambda place: index.named(place, self._stems))

    def plans(self) -> Iterator[Plan]:
        """Yield the plans; one with a write that the question does not order is not ready."""
        every = range(len(self._index.tools)) if self._said.values else self._ranked
        reads = {p for p in every if self._index.tools[p].effect is Effect.READ}
        helpers = [p for p in sorted(reads) if self._has_reason(p) and not self._step(p).missing]
        for place in self._ranked:
            chained = list(self._chained(place, helpers)) if place in reads else []
            yield from chained
            if not (self._step(place).missing and chained):
                yield self._plan(place)

    def _plan(self, place: int, helper: int | None = None, wanted: Slot | None = None) -> Plan:
        places = [place] if helper is None else [helper, place]
        steps = [self._step(one) for one in places]
        target = steps[-1]
        words = sum(max(fits.get(one, 0.0) for one in places) for fits in self._fits) / self._unit
        used = steps[0].used | target.used
        unused = {*self._said.values} - used.keys()
        missing = [slot for slot in target.missing if slot != wanted]
        score = words + _VALUE * sum(used.values()) - _UNUSED * len(unused)
        score += _NAME * sum(map(self._named, places)) / len(places) - _MISSING * len(missing)
        is_ready = not missing and self._has_reason(place)
        if target.tool.effect is not Effect.READ:
            is_ordered = self._is_ordered(place)
            is_ready = is_ready and is_ordered and not unused
            score += _ORDER if is_ordered else -_ORDER
        if helper is not None:
            apis = {step.tool.operation.partition(".")[0] for step in steps}
            score -= _LOOK_UP if len(apis) == 1 else _FAR
        return Plan(score, steps[0], target, wanted, is_ready)

    def _chained(self, place: int, helpers: Sequence[int]) -> Iterator[Plan]:
        """Yield the plans in which another tool finds an argument of this one first.

        That tool stands in the argument's description, or speaks of what the argument is an id of.
        """
        step = self._step(place)
        if len(step.missing) > 1 or not self._has_reason(place):
            return
        for wanted in step.missing or step.open:
            said = str(wanted.schema.get("description", "")).split()
            for helper in helpers:
                name = self._index.tools[helper].operation.partition(".")[2]
                is_linked = name in said and len(words_of(name)) > 1
                is_related = is_linked or wanted.parent <= self._index.about[helper]
                is_new = step.missing or self._step(helper).used.keys() - step.used.keys()
                if helper != place and is_related and is_new:
                    yield self._plan(place, helper, wanted)

    def _has_reason(self, place: int) -> bool:
        """Whether the question states a value for the tool, or says enough of its name."""
        is_stated = any(sure >= ALONE for sure in self._step(place).used.values())
        return is_stated or self._named(place) >= _READ_NAMED

    def _is_ordered(self, place: int) -> bool:
        """Whether the question names the tool's object, and its action as an order is given.

        That is: first in what asks nothing, and in a form no longer than the description's.
        """
        stems, actions = self._index.stems, self._index.actions[place]
        return self._named(place) >= _WRITE_NAMED and any(
            action.startswith(word) and stems([word]) == stems([action])
            for action in actions
            for word in self._said.orders
        )
