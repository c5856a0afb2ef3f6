"""The application: the one place where the rooms are wired together."""

from __future__ import annotations

from dragoman.app.dragoman import Dragoman

__all__ = ["Dragoman"]
