"""What is public changes only on purpose: docs/surface.json holds it as it is now."""

from __future__ import annotations

import json

from surface import SNAPSHOT, surface


def test_what_is_public_is_what_the_committed_snapshot_says() -> None:
    now = json.loads(json.dumps(surface()))
    kept = json.loads(SNAPSHOT.read_text("utf-8"))
    assert now == kept, "If this is meant: python tests/surface.py, and a line in CHANGELOG.md."


def test_every_public_name_loads() -> None:
    import dragoman

    for name in dragoman.__all__:
        assert getattr(dragoman, name).__name__ == name
