"""Variables: those of the process, and below them those of `.env` beside the configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dragoman.errors import ConfigurationError

__all__ = ["read_environment"]

_MAX_BYTES = 1024 * 1024


def read_environment(base: Path, environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Return the variables; what the process has set wins over `.env`, which changes nothing there.

    `environ` stands in for the environment of the process; `.env` is read all the same.
    """
    process = dict(os.environ if environ is None else environ)
    return {**_read_dotenv(base / ".env"), **process}


def _read_dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    if path.stat().st_size > _MAX_BYTES:
        raise ConfigurationError(f"{path.name} is larger than 1 MiB.")
    from dotenv import dotenv_values  # noqa: PLC0415 - only where there is one

    try:
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path.name} cannot be read: {type(error).__name__}.") from None
    return {name: value for name, value in values.items() if value is not None}
