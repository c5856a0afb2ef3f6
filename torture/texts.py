"""What people and models write: YAML, JSON, configurations and curl commands."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from dragoman.apis.http import handwritten
from dragoman.apis.http.prepare import prepare
from dragoman.cli.curl import read_curl
from dragoman.config import load as loading
from dragoman.config import yaml12
from dragoman.exact_json import canonical, decode, encode
from dragoman.operation import JsonValue
from dragoman.tools.arguments import read_arguments
from torture import seeds
from torture.choices import Choices
from torture.hostile import mutated
from torture.promise import as_text, expected
from torture.wire import check

__all__ = ["arguments", "configuration", "curl", "exact", "folder", "settings", "yaml"]


def yaml(data: bytes) -> None:
    """Read YAML; what is read can be written as JSON, and is read alike with its lines."""
    with expected():
        found = encode(yaml12.parse(as_text(data), "f.yaml"))
        again, lines = yaml12.parse_with_lines(as_text(data), "f.yaml")
        assert encode(again) == found, "with its lines it is another value"
        assert all(line > 0 for line in lines.values())


def exact(data: bytes) -> None:
    """Read JSON; what is read is written and read again as the same value."""
    for text in (data, as_text(data)):
        with expected(ValueError):
            found = decode(text)
            with _bounded():
                assert canonical(decode(encode(found))) == canonical(found), "another value"


def arguments(data: bytes) -> None:
    """Read what a model wrote; what is accepted is JSON that can be sent on as it is."""
    with expected():
        found = read_arguments(as_text(data))
        assert canonical(decode(encode(found))) == canonical(found), "another value"


def configuration(data: bytes) -> None:
    """Load a file of the owner, and read the operations that are written in it."""
    file = folder() / "dragoman.yaml"
    file.write_bytes(data)
    with expected():
        _by_hand(loading.load(file, environ={"X": "y"}))


def settings(data: bytes) -> None:
    """The same with a configuration that was tampered with part by part."""
    choices = Choices(data)
    root = mutated(json.loads(choices.pick(seeds.CONFIGURATIONS)), choices)
    with expected():
        found = root if isinstance(root, dict) else {}
        _by_hand(loading.load(found, environ={"X": "y"}))


def curl(data: bytes) -> None:
    """Read a curl command into a call that can be written down."""
    with expected():
        call = read_curl(as_text(data))
        assert call.origin.startswith(("http://", "https://"))
        assert call.path.startswith("/")
        encode(call.body)


@cache
def folder() -> Path:
    """Return the one folder in which targets may use files."""
    made = Path(tempfile.mkdtemp(prefix="torture-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _by_hand(found: loading.Configuration) -> None:
    for name, api in found.settings.apis.items():
        if api.http is None:
            continue
        for operation in handwritten.read(name, api).operations.values():
            with expected():
                given: dict[str, JsonValue] = {"id": "é/x", "q": "a&b", "n": 0}
                check(operation, given, prepare(operation, given))


@contextmanager
def _bounded() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise AssertionError(f"what was read cannot be written: {error}") from error
