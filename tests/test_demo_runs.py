"""`dragoman demo` as a newcomer runs it: no key, no configuration, and an end that tells."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread


def test_the_demo_plays_its_scene_and_its_receipt_adds_up(tmp_path: Path) -> None:
    played = _demo(tmp_path)
    told = played.stdout
    assert played.returncode == 0, told
    assert "tk-301  My parcel is late" in told
    assert re.search(r"location +Kassel depot", told)
    assert "shop.refundOrder wants a yes" in told
    assert re.search(r"\$ dragoman approvals approve ap_\w+\n✓ shop.refundOrder approved by", told)
    assert "I don't know. shop.getOrder: 404 from shop" in told
    assert "said no to shop.deleteCustomer" in told
    assert "it waited, a person refused it, and the shop counts 0 refunds for it" in told
    assert "1 approved, 2 refused by a person" in told
    assert "0 secrets found in the records, of 5 searched for" in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_the_demo_takes_an_api_of_the_visitors(tmp_path: Path) -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Ferries", "version": "1"},
        "servers": [{"url": "/"}],
        "paths": {
            "/sailings": {
                "get": {
                    "operationId": "listSailings",
                    "summary": "List the sailings of today",
                    "responses": {"200": {"description": "They"}},
                }
            }
        },
    }
    answers = {"/openapi.json": document, "/sailings": {"sailings": [{"to": "Heligoland"}]}}

    class Ferries(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answers[self.path]).encode())

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Ferries) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/openapi.json"
        played = _demo(tmp_path, "--url", url)
        server.shutdown()
        thread.join()
    assert played.returncode == 0, played.stdout
    assert "ferries, 1 operation (1 read)" in played.stdout
    assert "listSailings answered without a credential" in played.stdout
    assert "Heligoland" in played.stdout
    assert list(tmp_path.iterdir()) == []


def _demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    return subprocess.run(
        [sys.executable, "-m", "dragoman", "demo", *words],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
