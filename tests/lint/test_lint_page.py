"""`docs/lint.md` says of each rule what it is, and is made from the rules."""

from __future__ import annotations

import re

from rule_page import PAGE, rule_page

from dragoman.lint.rules import RULES
from dragoman.lint.score import __doc__ as formula


def test_the_page_is_what_the_rules_say() -> None:
    assert PAGE.read_text("utf-8") == rule_page(), "python tests/lint/rule_page.py"


def test_each_rule_has_a_name_an_effect_an_example_and_advice() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+(?:-[a-z]+)?", rule.name)
        assert rule.effect.endswith(".")
        assert rule.advice.endswith(".")
        assert rule.example
    assert "score = 100 - sum" in str(formula)
