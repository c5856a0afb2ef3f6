"""Libraries that come with an extra: imported at first use, with a hint where they are absent."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from dragoman.errors import CredentialError

__all__ = ["imported"]


def imported(name: str, *, extra: str) -> ModuleType:
    """Return a module of `dragoman[extra]`; raises `CredentialError` with how to install it."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise CredentialError(
            f"The secret store '{extra}' needs a library that is not installed.",
            hint=f'Install it with: pip install "dragoman[{extra}]"',
        ) from None
