"""From the owner's files to settings, with the file and line of every key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from dragoman.config import yaml12
from dragoman.config.consistency import inconsistencies
from dragoman.config.faults import told
from dragoman.config.settings import Settings
from dragoman.errors import ConfigurationError
from dragoman.operation import JsonValue
from dragoman.secrets.environment import read_environment
from dragoman.secrets.reference import Template

__all__ = ["Configuration", "Source", "load"]

Source = str | Path | Mapping[str, object] | Sequence[str | Path]
"""A file, several that are laid one over another, or a dict of the same shape."""

_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings, the folder that their paths start from, and where each of their keys stands."""

    settings: Settings
    base: Path
    environment: Mapping[str, str] = field(repr=False)
    positions: Mapping[yaml12.Path, str] = field(default_factory=dict, repr=False)

    def where(self, *path: str | int) -> str:
        """Return `dragoman.yaml:31` for a key, or for the nearest one above it that is written.

        Where the configuration is a dict, it is the way to the key: `apis.shop.limits`.
        """
        for length in range(len(path), 0, -1):
            position = self.positions.get(path[:length])
            if position is not None:
                return position
        return self.positions.get((), ".".join(map(str, path)))


def load(source: Source, *, environ: Mapping[str, str] | None = None) -> Configuration:
    """Read a configuration; of several files, the later ones are laid over the earlier.

    Mappings are merged key by key; anything else is replaced. Paths in it are relative to the
    first file, or for a dict to the current folder. Raises `ConfigurationError` with every fault
    at once.
    """
    if isinstance(source, Mapping):
        return _settled(_plain(source), Path(), {}, environ)
    files = [Path(source)] if isinstance(source, str | Path) else [Path(one) for one in source]
    if not files:
        raise ConfigurationError("No configuration file is named.")
    merged: JsonValue = {}
    positions: dict[yaml12.Path, str] = {(): files[0].as_posix()}
    for file in files:
        value, lines = yaml12.parse_with_lines(_read(file), file.as_posix())
        if not isinstance(value, Mapping | None):
            raise ConfigurationError(f"{file}:1: the file must hold keys and values")
        merged = _merged(merged, _long_forms(value or {}))
        positions |= {path: f"{file.as_posix()}:{line}" for path, line in lines.items()}
    return _settled(cast("Mapping[str, JsonValue]", merged), files[0].parent, positions, environ)


def _settled(
    value: Mapping[str, JsonValue],
    base: Path,
    positions: Mapping[yaml12.Path, str],
    environ: Mapping[str, str] | None,
) -> Configuration:
    environment = read_environment(base, environ)
    places = Configuration(Settings(), base, environment, positions)

    def resolve(template: Template) -> str:
        return _interpolated(template, environment)

    try:
        settings = Settings.model_validate(_long_forms(value), context={"resolve": resolve})
    except ValidationError as error:
        raise ConfigurationError(*told(error, places.where)) from None
    faults = inconsistencies(settings, places.where)
    if faults:
        raise ConfigurationError(*faults)
    return Configuration(settings, base, environment, positions)


def _interpolated(template: Template, environment: Mapping[str, str]) -> str:
    """Return text that is no secret with its variables in place; raises `ValueError`."""
    parts: list[str] = []
    unset: list[str] = []
    for part in template.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        if part.store != "env":
            raise ValueError(f"{part} is a secret, and this is no place for one")
        value = environment.get(part.name) or part.default
        if value is None:
            unset.append(part.name)
        parts.append(value or "")
    if unset:
        are = "is" if len(unset) == 1 else "are"
        raise ValueError(f"unset:{', '.join(unset)} {are} not set")
    return "".join(parts)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError(
            f"{file}: there is no such file. Start with: dragoman init SOURCE"
        ) from None
    except IsADirectoryError:
        raise ConfigurationError(f"{file} is a folder. Name the file in it.") from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"{file} is larger than 4 MiB, which is no configuration.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{file}:{line}: this is not text in UTF-8.") from None


def _long_forms(value: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Write out the forms of one line: an API as its document, a model as its name."""
    long = dict(value)
    apis, model = long.get("apis"), long.get("model")
    if isinstance(apis, Mapping):
        long["apis"] = {
            name: {"openapi": api} if isinstance(api, str) else api for name, api in apis.items()
        }
    if isinstance(model, str):
        address, mark, name = model.partition("#")
        served = bool(mark) and "://" in address
        long["model"] = {"name": name, "base_url": address} if served else {"name": model}
    return long


def _merged(below: JsonValue, above: JsonValue) -> JsonValue:
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {
        **below,
        **{n: _merged(below[n], one) if n in below else one for n, one in above.items()},
    }


def _plain(source: Mapping[str, object]) -> Mapping[str, JsonValue]:
    """Return a dict that someone wrote in Python as plain JSON values, paths as text."""
    try:
        text = json.dumps(source, default=_as_text, allow_nan=False, ensure_ascii=False)
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigurationError("The configuration holds half a character.") from None
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"The configuration cannot be read: {error}.") from None
    except RecursionError:
        raise ConfigurationError("The configuration is nested too deeply.") from None
    return cast("Mapping[str, JsonValue]", json.loads(text))


def _as_text(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in it")
