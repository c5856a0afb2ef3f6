"""All checks of the GPT editor, over any OpenAPI document."""

from __future__ import annotations

from itertools import islice

from dragoman.tools.actions import rules_of_operations, rules_of_schemas, rules_of_servers
from dragoman.tools.actions.check import Check, Finding
from dragoman.tools.actions.parts import mapped

__all__ = ["CHECKS", "check_named", "examine"]

_MAX_FINDINGS = 20
"""Of one check."""

CHECKS: tuple[Check, ...] = (
    *rules_of_schemas.CHECKS,
    *rules_of_servers.CHECKS,
    *rules_of_operations.CHECKS,
)


def examine(document: object) -> list[Finding]:
    """Return what the GPT editor would say against a document, in the order of the checks.

    Takes any JSON value for a document, however it was made, and is bounded.
    """
    return [
        Finding(check, at, what)
        for check in CHECKS
        for at, what in islice(check.breaches(mapped(document)), _MAX_FINDINGS)
    ]


def check_named(name: str) -> Check:
    """Return the check of that name."""
    return next(check for check in CHECKS if check.name == name)
