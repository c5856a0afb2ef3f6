"""The eleven rules, in the order in which they are told."""

from __future__ import annotations

from dragoman.lint.finding import Rule
from dragoman.lint.rules.answers import ERROR_SCHEMA, PAGINATION
from dragoman.lint.rules.cost import TOKEN_BUDGET
from dragoman.lint.rules.descriptions import DESCRIPTION, OPERATION_ID
from dragoman.lint.rules.hidden import HIDDEN_TEXT
from dragoman.lint.rules.likeness import LOOK_ALIKE
from dragoman.lint.rules.schemas import CRYPTIC_NAME, UNTYPED_OBJECT
from dragoman.lint.rules.writes import IDEMPOTENCY, SECURITY

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    HIDDEN_TEXT,
    DESCRIPTION,
    OPERATION_ID,
    LOOK_ALIKE,
    TOKEN_BUDGET,
    UNTYPED_OBJECT,
    CRYPTIC_NAME,
    ERROR_SCHEMA,
    PAGINATION,
    IDEMPOTENCY,
    SECURITY,
)
