"""Which call answers a question: one tool, at most one look-up before it, or none.

A plan explains a word if one of its tools has it, and a value if one of its arguments takes it.
The plan that explains most wins, if it wins clearly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from dragoman.assistant.offline.fill import ALONE, Slot, Step, fill
from dragoman.assistant.offline.rank import Index, words_of
from dragoman.assistant.offline.said import read
from dragoman.operation import Effect

__all__ = ["Plan", "decide"]

# All in units of the best fit of one tool to the words of the question.
_VALUE, _NAME, _MISSING, _UNUSED, _UNORDERED, _LOOK_UP, _FAR = 0.8, 0.5, 0.2, 0.3, 0.3, 0.1, 0.3
_MARGIN = {Effect.READ: 0.07, Effect.WRITE: 0.2, Effect.DESTRUCTIVE: 0.2}
"""How far ahead the best plan must be to be followed."""

_NAMED, _WRITE_NAMED = 0.4, 0.6
"""How much of a name the question must say: for a call without a value, and for a write."""

_MAX_RANKED = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to answer. A look-up comes first where there is one, to find the argument `wanted`."""

    score: float
    target: Step
    is_ready: bool
    look_up: Step | None = None
    wanted: Slot | None = None

    @property
    def first(self) -> Step:
        """Return the step to start with."""
        return self.look_up or self.target


def decide(question: str, index: Index) -> tuple[Plan | None, tuple[Step, ...]]:
    """Return the plan that wins clearly, if one does, and the three steps that come nearest.

    Where plans as good begin alike, that beginning is the plan.
    """
    plans = sorted(_Weighing(question, index).plans(), key=lambda plan: -plan.score)
    steps = {plan.target.tool.name: plan.target for plan in reversed(plans)}
    nearest = tuple(reversed(steps.values()))[:3]
    if not plans or not plans[0].is_ready:
        return None, nearest
    best = plans[0]
    margin = _MARGIN[best.target.tool.effect]
    close = [plan for plan in plans[1:] if plan.score > best.score - margin]
    if any(plan.first != best.first for plan in close):
        return None, nearest
    return (Plan(best.score, best.first, is_ready=True) if close else best), nearest


class _Weighing:
    """Every plan for one question, with its score."""

    def __init__(self, question: str, index: Index) -> None:
        self._index, self._said = index, read(question, index)
        self._stems = frozenset().union(*self._said.stems)
        self._fits = [index.fits(word) for word in self._said.words]
        total: Counter[int] = Counter()
        for fits in self._fits:
            total.update(fits)
        self._unit = max(total.values(), default=1.0)
        self._ranked = sorted(total, key=lambda place: (-total[place], place))[:_MAX_RANKED]
        self._step = cache(lambda place: fill(place, self._said, index))

    def plans(self) -> Iterator[Plan]:
        """Yield the plans; one with a write that the question does not name is not ready."""
        tools = self._index.tools
        every = range(len(tools)) if self._said.values else self._ranked
        helpers = [p for p in every if tools[p].effect is Effect.READ and self._can_help(p)]
        for place in self._ranked:
            is_read = tools[place].effect is Effect.READ
            chained = list(self._chained(place, helpers)) if is_read else []
            yield from chained
            if not (self._step(place).missing and chained):
                yield self._plan(place)

    def _plan(self, place: int, helper: int | None = None, wanted: Slot | None = None) -> Plan:
        step, places = self._step(place), (place,) if helper is None else (place, helper)
        words = sum(max(fits.get(one, 0.0) for one in places) for fits in self._fits) / self._unit
        used = {**self._step(places[-1]).used, **step.used}
        unused = {*self._said.values} - used.keys()
        missing = [slot for slot in step.missing if slot != wanted]
        named = sum(self._index.named(one, self._stems) for one in places) / len(places)
        score = words + _VALUE * sum(used.values()) + _NAME * named
        score -= _MISSING * len(missing) + _UNUSED * len(unused)
        is_ready = not missing and self._has_reason(place)
        if step.tool.effect is not Effect.READ:
            is_ordered = self._is_ordered(place) and not unused
            is_ready, score = is_ready and is_ordered, score - (0 if is_ordered else _UNORDERED)
        if helper is None:
            return Plan(score, step, is_ready)
        is_near = _api(step) == _api(self._step(helper))
        score -= _LOOK_UP if is_near else _FAR
        return Plan(score, step, is_ready, self._step(helper), wanted)

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
                name = self._step(helper).tool.operation.partition(".")[2]
                is_named = name in said and len(words_of(name)) > 1
                is_related = is_named or wanted.parent <= self._index.about[helper]
                is_new = step.missing or self._step(helper).used.keys() - step.used.keys()
                if helper != place and is_related and is_new:
                    yield self._plan(place, helper, wanted)

    def _can_help(self, place: int) -> bool:
        step = self._step(place)
        return not step.missing and (ALONE in step.used.values() or self._has_reason(place))

    def _has_reason(self, place: int) -> bool:
        """Whether the question states a value for the tool, or says enough of its name."""
        sure = max(self._step(place).used.values(), default=0.0)
        named = self._index.named(place, self._stems)
        return named >= _NAMED or sure > ALONE or (named > 0 and sure == ALONE)

    def _is_ordered(self, place: int) -> bool:
        """Whether the question names the tool's object, and its action as an order is given.

        That is: first in what asks nothing, and in a form no longer than the description's.
        """
        stems, actions = self._index.stems, self._index.actions[place]
        return self._index.named(place, self._stems) >= _WRITE_NAMED and any(
            action.startswith(word) and stems([word]) == stems([action])
            for action in actions
            for word in self._said.orders
        )


def _api(step: Step) -> str:
    return step.tool.operation.partition(".")[0]
