"""References of a schema into its own definitions."""

from __future__ import annotations

import pytest

from dragoman.local_reference import definition_name, definition_of, followed

ROOT = {
    "$defs": {
        "a": {"$ref": "#/$defs/b~1c"},
        "b/c": {"$ref": "#/$defs/d~0e"},
        "d~e": {"type": "string"},
        "circle": {"$ref": "#/$defs/circle"},
        "lost": {"$ref": "#/$defs/nowhere"},
    }
}


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("#/$defs/a", "a"),
        ("#/$defs/b~1c", "b/c"),
        ("#/$defs/d~0e", "d~e"),
        ("#/$defs/~01", "~1"),
        ("#/components/schemas/a", None),
        ("other.json#/$defs/a", None),
        (7, None),
        (None, None),
    ],
)
def test_a_pointer_is_read_back_as_a_name(reference: object, name: str | None) -> None:
    assert definition_name(reference) == name


def test_a_chain_is_followed_to_its_end_and_a_circle_ends() -> None:
    assert followed({"$ref": "#/$defs/a"}, ROOT) == {"type": "string"}
    assert followed({"$ref": "#/$defs/circle"}, ROOT) == {"$ref": "#/$defs/circle"}
    assert followed({"$ref": "#/$defs/lost"}, ROOT) == {"$ref": "#/$defs/nowhere"}
    assert followed({"type": "integer"}, {}) == {"type": "integer"}


def test_what_leads_nowhere_is_nothing() -> None:
    assert definition_of({"$ref": "#/$defs/nowhere"}, ROOT) is None
    assert definition_of({"$ref": "#/$defs/a"}, {}) is None
    assert definition_of({}, ROOT) is None
