"""`dragoman call -o FILE` writes what was answered: a file as its bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from command_line import Run

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        media_type, body = {
            "/pdf": ("application/pdf", PDF),
            "/icon": ("image/png", b"\x89PNG\r\n"),
            "/json": ("application/json", b'{"price": 1.10}'),
            "/text": ("text/plain", "Grüße".encode()),
        }[self.path]
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def files(place: Path) -> Iterator[Path]:
    """A folder whose configuration has an API of files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    Thread(target=server.serve_forever, daemon=True).start()
    operations = {name: {"get": f"/{name}"} for name in ("pdf", "icon", "json", "text")}
    api = {"http": f"http://127.0.0.1:{server.server_port}", "operations": operations}
    (place / "dragoman.yaml").write_text(json.dumps({"apis": {"f": api}}))
    yield place
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("pdf", PDF),
        ("icon", b"\x89PNG\r\n"),
        ("text", "Grüße".encode()),
        ("json", b'{\n  "price": 1.10\n}\n'),
    ],
)
def test_what_was_answered_is_written(run: Run, files: Path, name: str, written: bytes) -> None:
    ran = run("call", f"f.{name}", "-o", "out")
    assert (ran.code, ran.out) == (0, "")
    assert (files / "out").read_bytes() == written


def test_without_it_a_large_file_is_told_of(run: Run, files: Path) -> None:
    ran = run("call", "f.pdf", "--json")
    answer = json.loads(ran.out)
    assert answer["data"]["bytes"] == len(PDF)
    assert answer["data"]["file"] == answer["handle"]
    assert "-o FILE writes it" in run("call", "f.pdf").out


def test_a_file_that_may_not_be_kept_is_not_written(run: Run, files: Path) -> None:
    (files / "private.yaml").write_text("privacy: {bodies: nothing}")
    ran = run("call", "f.pdf", "-o", "out", "-f", "dragoman.yaml", "-f", "private.yaml")
    assert ran.code == 1
    assert "could not be kept" in ran.err
    assert not (files / "out").exists()


def test_a_place_that_cannot_be_written_is_named(run: Run, files: Path) -> None:
    ran = run("call", "f.text", "-o", "no/such/folder")
    assert ran.code == 2
    assert "no/such/folder cannot be written" in ran.err
