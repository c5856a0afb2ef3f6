"""One number for a description: 100 where no rule finds anything, 0 where all find everything.

Every rule has a weight, and the weights are 100 together. A rule takes its weight times the share
of the operations that its findings make worse: an operation counts once, by the worst of its
findings (a tool of twice its budget counts half, one of ten times nine tenths). A rule may take a
least share for any finding at all: text that addresses the model does, since one is enough.

    score = 100 - sum over rules of weight * max(least, sum over operations of share / operations)

It is rounded down to a hundredth, and shown with one digit. A document without operations is of
no use to a model, and has 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from dragoman.lint.finding import Finding
from dragoman.lint.rules import RULES

__all__ = ["score_of"]


def score_of(findings: Iterable[Finding], operations: int) -> float:
    """Return the score of a document with so many operations and these findings."""
    if not operations:
        return 0.0
    shares: dict[str, dict[str, float]] = {}
    for finding in findings:
        of_rule = shares.setdefault(finding.rule, {})
        for name in finding.touches:
            of_rule[name] = max(of_rule.get(name, 0.0), finding.share)
    lost = sum(
        rule.weight * max(rule.least, sum(shares[rule.name].values()) / operations)
        for rule in RULES
        if rule.name in shares
    )
    return math.floor((100 - lost) * 100 + 1e-6) / 100
