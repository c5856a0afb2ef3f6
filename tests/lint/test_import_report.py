"""What `lint` tells of a description: each operation full, changed or unsupported, and why."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dragoman.apis.description import Description
from dragoman.cli import main
from dragoman.cli.lint import examine
from dragoman.errors import DescriptionError, UnsupportedError
from dragoman.lint.report import State, import_report
from dragoman.operation import Contract, Effect, Operation

ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Parcels", "version": "4"},
    "servers": [{"url": "https://parcels.example"}],
    "paths": {
        "/parcels/{id}": {
            "parameters": [ID],
            "get": {"operationId": "track"},
            "put": {
                "operationId": "label",
                "parameters": [{"name": "Accept", "in": "header", "schema": {"type": "string"}}],
            },
            "delete": {"operationId": "drop", "parameters": [{"$ref": "#/components/nowhere"}]},
        },
        "/boxes/{size}": {"get": {"operationId": "box"}},
    },
}


def described(*reads: Callable[[], Contract], findings: tuple[str, ...] = ()) -> Description:
    operations = {
        f"op{number}": Operation(
            f"api.op{number}", "api", f"op{number}", "http", Effect.READ, "GET /x", read=read
        )
        for number, read in enumerate(reads)
    }
    return Description("api", "Title", "1", "", operations, findings=findings)


def contract(*changes: str, unsupported: str = "") -> Callable[[], Contract]:
    return lambda: Contract({}, (), None, changes, unsupported)


def failing() -> Contract:
    raise DescriptionError("the schema leads nowhere.", hint="Mend it.")


def unbuildable() -> Contract:
    raise UnsupportedError("no way to build it.")


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `dragoman lint` and return its exit code and what it wrote."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["lint", *words])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "parcels.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


@pytest.fixture
def served() -> Iterator[str]:
    """The document at an address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({**DOCUMENT, "servers": [{"url": "/v4"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/openapi.json"
    server.shutdown()
    server.server_close()


# The report as data


def test_an_operation_is_full_changed_or_unsupported() -> None:
    report = import_report(
        described(contract(), contract("a is lost", "b too"), contract(unsupported="no body"))
    )
    assert (report.operations, report.full, report.changed, report.unsupported) == (3, 1, 1, 1)
    assert [(item.id, item.state, item.reasons) for item in report.items] == [
        ("api.op0", State.FULL, ()),
        ("api.op1", State.CHANGED, ("a is lost", "b too")),
        ("api.op2", State.UNSUPPORTED, ("no body",)),
    ]


def test_an_unsupported_operation_is_not_also_counted_as_changed() -> None:
    report = import_report(described(contract("a change", unsupported="no body")))
    assert (report.changed, report.items[0].reasons) == (0, ("no body",))


def test_a_contract_that_cannot_be_read_costs_its_operation_alone() -> None:
    report = import_report(described(failing, contract(), unbuildable))
    assert (report.full, report.unsupported) == (1, 2)
    assert report.items[0].reasons == ("the schema leads nowhere. Mend it.",)


def test_reasons_are_counted_once_an_operation_and_the_commonest_comes_first() -> None:
    report = import_report(
        described(contract("rare"), contract("often", "often"), contract("often"))
    )
    assert report.reasons(State.CHANGED) == [("often", 2), ("rare", 1)]


def test_the_json_has_stable_keys() -> None:
    report = import_report(described(contract("a change"), findings=("of the whole",)))
    assert report.as_json() == {
        "operations": 1,
        "full": 0,
        "changed": 1,
        "unsupported": 0,
        "items": [{"id": "api.op0", "state": "changed", "reasons": ["a change"]}],
        "notes": ["of the whole"],
        "findings": [],
    }


# The command


def test_lint_tells_what_becomes_of_a_document_without_any_configuration(
    lint: Any, document: Path
) -> None:
    code, out, err = lint("parcels.json")
    assert code == 0
    assert "Parcels 4: 4 operations" in out
    assert re.search(r"full +1 .*\nchanged +1 .*\nunsupported +2 ", out)
    assert "changed in 1: the header Accept is no argument" in out
    assert "! parcels.box (GET /boxes/{size}) is unsupported: " in err
    assert "! parcels.drop (DELETE /parcels/{id}) is unsupported: " in err
    assert [path.name for path in document.parent.iterdir()] == ["parcels.json"]


def test_lint_prints_one_json_object(lint: Any, document: Path) -> None:
    code, out, err = lint(str(document), "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    counts = [told[key] for key in ("operations", "full", "changed", "unsupported")]
    assert counts == [4, 1, 1, 2]
    assert [item["state"] for item in told["items"]] == [
        *("full", "changed", "unsupported", "unsupported")
    ]


def test_a_document_at_an_address_is_fetched(lint: Any, served: str) -> None:
    code, out, err = lint(served)
    assert (code, "Parcels 4: 4 operations" in out) == (0, True)
    assert "names no server" not in err


def test_a_document_without_a_server_is_reported_as_if_base_url_were_set(
    lint: Any, document: Path
) -> None:
    document.write_text(json.dumps({**DOCUMENT, "servers": [{"url": "/v4"}]}))
    code, out, err = lint(str(document))
    assert (code, bool(re.search(r"full +1 ", out))) == (0, True)
    assert "The document names no server of its own: set base_url." in err


def test_many_unsupported_operations_do_not_fill_the_screen(lint: Any, document: Path) -> None:
    paths = {f"/{number}/{{hole}}": {"get": {}} for number in range(300)}
    document.write_text(json.dumps({**DOCUMENT, "paths": paths}))
    code, out, err = lint(str(document))
    assert (code, err.count("is unsupported")) == (0, 20)
    assert "… and 280 more unsupported operations: --json lists all" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "it is empty"), ("<html>", "it is HTML"), ("a: 1", "only: a"), ("{", "not JSON")],
)
def test_what_cannot_be_read_is_an_error_in_our_form(
    lint: Any, document: Path, text: str, told: str
) -> None:
    document.write_text(text)
    code, out, err = lint("parcels.json")
    assert (code, out, err.startswith("✗ ")) == (1, "", True)
    assert told in err
    assert lint("nowhere.json")[0] == 1
    assert lint()[0] == 2


def test_hostile_text_of_a_document_cannot_move_the_cursor(lint: Any, document: Path) -> None:
    hostile = {"title": "\x1b[2J\x07Parcels", "version": "\x9b1"}
    document.write_text(
        json.dumps({**DOCUMENT, "info": hostile, "paths": {"/{\x1b[2J}": {"get": {}}}})
    )
    _, out, err = lint("parcels.json")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out + err)


# Real documents


def test_real_documents_are_imported_and_at_least_99_percent_can_be_called(specs: Path) -> None:
    paths = sorted(path for path in specs.iterdir() if path.suffix in {".json", ".yaml"})
    reports = {path.name: asyncio.run(examine(str(path))) for path in paths}
    for name, one in reports.items():
        print(  # noqa: T201 - the totals, for who runs it with -s
            f"{name}: {one.operations:,} operations, {one.full:,} full, {one.changed:,} changed,"
            f" {one.unsupported:,} unsupported"
        )
    operations = sum(report.operations for report in reports.values())
    assert operations
    assert sum(report.unsupported for report in reports.values()) <= operations / 100
