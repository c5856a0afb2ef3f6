"""Which call answers a question: one tool, at most one look-up before it, or none.

A plan explains a word if one of its tools has it, and a value if one of its arguments takes it.
The plan that explains most wins, if it wins clearly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dragoman.assistant.offline.fill import fill, slots
from dragoman.assistant.offline.rank import Index, words_of
from dragoman.assistant.offline.said import Value, read
from dragoman.operation import Effect, JsonValue, Tool

__all__ = ["Decision", "Step", "decide"]

# All in units of the best fit of one tool to the words of the question.
_VALUE, _NAME, _LOOK_UP, _MISSING, _UNUSED = 0.8, 0.5, 0.1, 0.2, 0.3
_MARGIN = {Effect.READ: 0.07, Effect.WRITE: 0.2, Effect.DESTRUCTIVE: 0.2}
"""How far ahead the best plan must be to be followed."""

_NAMED, _WRITE_NAMED = 0.4, 0.6
"""How much of a name the question must say: for a call without any value of it, for a write."""

_IDS = ("number", "code", "email")
_MAX_RANKED = 40


@dataclass(frozen=True, slots=True)
class Step:
    """A tool with the arguments that are known, and the names of those that are not."""

    tool: Tool
    arguments: Mapping[str, JsonValue]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to answer. A look-up comes first where there is one, to find the argument `wanted`.

    It is ready if nothing else is missing and, before a write, no value was left unused.
    """

    score: float
    target: Step
    is_ready: bool
    look_up: Step | None = None
    wanted: str = ""

    @property
    def first(self) -> Step:
        """Return the step to start with."""
        return self.look_up or self.target


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan that won, if one did clearly, and up to three steps that come nearest."""

    plan: Plan | None
    nearest: tuple[Step, ...]


def decide(question: str, index: Index) -> Decision:
    """Decide by the words of the question alone; the same question gives the same decision."""
    plans = sorted(_Weighing(question, index).plans(), key=lambda plan: -plan.score)
    nearest = {id(plan.target.tool): plan.target for plan in reversed(plans)}
    return Decision(_winner(plans), tuple(list(reversed(nearest.values()))[:3]))


def _winner(plans: Sequence[Plan]) -> Plan | None:
    if not plans or not plans[0].is_ready:
        return None
    best = plans[0]
    margin = _MARGIN[best.target.tool.effect]
    close = [plan for plan in plans[1:] if plan.score > best.score - margin]
    if any(plan.first != best.first for plan in close):
        return None
    return Plan(best.score, best.first, is_ready=True) if close else best


class _Weighing:
    """Every plan for one question, with its score."""

    def __init__(self, question: str, index: Index) -> None:
        self._index = index
        self._said = read(question, index)
        self._stems = frozenset().union(*self._said.stems)
        self._fits = [index.fits(word) for word in self._said.words]
        total: Counter[int] = Counter()
        for fits in self._fits:
            total.update(fits)
        self._unit = max(total.values(), default=0)
        self._ranked = sorted(total, key=lambda place: (-total[place], place))[:_MAX_RANKED]
        self._filled = {place: fill(place, self._said, index) for place in self._ranked}

    def plans(self) -> Iterator[Plan]:
        """Yield the plans; a write that the question does not name is in none of them."""
        helpers = list(self._helpers())
        for place in self._ranked:
            if not self._may_be_meant(place):
                continue
            filled = self._filled[place]
            if not filled.missing and self._has_reason(place):
                yield self._plan(place)
            chained = [self._plan(place, other, slot) for other, slot in self._look_ups(place, helpers)] if self._has_reason(place) else []
            yield from chained
            if filled.missing and not chained:
                yield self._plan(place)

    def _plan(self, place: int, helper: int | None = None, wanted: str = "") -> Plan:
        places = (place,) if helper is None else (place, helper)
        words = sum(max(fits.get(one, 0.0) for one in places) for fits in self._fits) / self._unit
        used: dict[Value, float] = {}
        for one in places:
            used = {**self._filled[one].used, **used}
        unused = [v for v in self._said.values if v.kind != "rest" and v not in used]
        missing = [name for name in self._filled[place].missing if name != wanted]
        named = sum(map(self._said_of_name, places)) / len(places)
        score = words + _VALUE * sum(used.values()) + _NAME * named
        score -= _LOOK_UP * (len(places) - 1) + _MISSING * len(missing) + _UNUSED * len(unused)
        is_write = self._index.tools[place].effect is not Effect.READ
        is_ready = not missing and not (is_write and unused)
        look_up = None if helper is None else self._step(helper)
        return Plan(score, self._step(place), is_ready, look_up, wanted)

    def _step(self, place: int) -> Step:
        filled = self._filled[place]
        return Step(self._index.tools[place], filled.arguments, filled.missing)

    def _helpers(self) -> Iterator[int]:
        """Yield the reading tools that can be called with what the question states."""
        for place, tool in enumerate(self._index.tools):
            if tool.effect is not Effect.READ or not (self._said.values or place in self._filled):
                continue
            filled = self._filled.get(place) or fill(place, self._said, self._index)
            self._filled[place] = filled
            if not filled.missing and self._has_reason(place):
                yield place

    def _look_ups(self, place: int, helpers: Sequence[int]) -> Iterator[tuple[int, str]]:
        """Yield each tool that may find an argument of this one, and that argument.

        Either it speaks of what the argument is an id of, or it uses an id that this one cannot.
        """
        filled, tool = self._filled[place], self._index.tools[place]
        if len(filled.missing) > 1:
            return
        open_slots = [s.name for s in slots(tool) if s.name not in filled.arguments]
        for wanted in filled.missing or open_slots:
            parent = self._index.stems(words_of(wanted)) - {"id"}
            for helper in helpers:
                given = self._filled[helper].used.keys() - filled.used.keys()
                has_id = any(value.kind in _IDS for value in given)
                related = bool(parent) and parent <= self._index.about[helper]
                if helper != place and (related and given if not filled.missing else related or has_id):
                    yield helper, wanted

    def _has_reason(self, place: int) -> bool:
        return bool(self._filled[place].used) or self._said_of_name(place) >= _NAMED

    def _said_of_name(self, place: int) -> float:
        return self._said_of(self._index.names[place])

    def _said_of(self, stems: frozenset[str]) -> float:
        """Return how much of some words the question says, the rare ones weighing more."""
        weights = {stem: self._index.rarity(stem) for stem in stems}
        return sum(weights[stem] for stem in stems & self._stems) / (sum(weights.values()) or 1.0)

    def _may_be_meant(self, place: int) -> bool:
        """Whether it is a read, or a write that the question names by its action and its object.

        The action is said as an order is, in a form no longer than that of the description, and
        no reading tool is called by it.
        """
        index = self._index
        if index.tools[place].effect is Effect.READ:
            return True
        about = max(self._said_of_name(place), self._said_of(index.summaries[place]))
        actions = [action for action in index.actions[place] if not index.stems([action]) <= index.readings]
        ordered = any(a.startswith(w) and index.stems([w]) == index.stems([a]) for a in actions for w in self._said.words)
        return ordered and about >= _WRITE_NAMED
