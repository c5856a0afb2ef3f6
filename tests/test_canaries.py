"""Forty secrets of all kinds, through every credential, failure, log level and output: none leaves.

What the sinks are is asked of the code, in `test_canaries_sinks.py`.
"""

from __future__ import annotations

import gc
import logging
import sqlite3
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from canaries import CANARIES, MODES, Upstream, all_in, configuration, found, upstream
from dragoman import CredentialError, Dragoman, DragomanError
from dragoman.call import path as call_path
from dragoman.secrets import gcp
from dragoman.secrets.live import LiveValues
from dragoman.secrets.reference import parse_template
from dragoman.secrets.secrets import Secrets
from secret_search import files_below

CODE = {"code": "a-code"}


@pytest.fixture(scope="module")
def at() -> Iterator[Upstream]:
    """The API that gives away what it is shown."""
    with upstream() as started:
        yield started


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that any logger says, each at its lowest level."""
    names = ["", *logging.root.manager.loggerDict]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    caplog.handler.setLevel(0)
    yield caplog
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every error that ends a call, as a traceback with the locals of its frames shows it."""
    shown: list[str] = []
    seen: set[object] = set()
    real = call_path.failed

    def watch(call: Any, error: DragomanError, *rest: Any) -> Any:
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        place = (call.operation.partition("_")[0], frame.f_code, line)
        if place not in seen:
            seen.add(place)
            shown.append(with_locals(error))
        return real(call, error, *rest)

    monkeypatch.setattr(call_path, "failed", watch)
    return shown


def with_locals(error: BaseException) -> str:
    """As error trackers write it, without the frame of the test itself."""
    frames = error.__traceback__
    if frames is not None and frames.tb_frame.f_globals is globals():
        error = error.with_traceback(frames.tb_next)
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(told.format())


def everything_logged(heard: pytest.LogCaptureFixture) -> str:
    return heard.text + "".join(f"{vars(record)!r}" for record in heard.records)


def tables(folder: Path) -> dict[str, str]:
    """All rows of all tables of the store, by table."""
    with sqlite3.connect(folder / "dragoman.db") as store:
        names = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: repr(store.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in names}  # noqa: S608 - names of the store itself


def ready(folder: Path) -> dict[str, str]:
    (folder / "secret.txt").write_text(CANARIES["FILE_KEY"] + "\n")
    return dict(CANARIES)


async def connect(d: Dragoman, api: str, user: str = "ana") -> str:
    """Connect an end user; returns what is told where that fails."""
    source = d.parts.routes[api].accounts[""].by_code
    begun = await source.begin("http://127.0.0.1:1/callback")
    try:
        await source.finish(begun, {**CODE, "state": begun.state}, user)
    except DragomanError as error:
        return with_locals(error) + all_in(error.problem)
    return repr(begun)


async def test_no_canary_is_in_what_a_call_gives_logs_or_keeps(  # noqa: C901 - all sinks in one run
    at: Upstream, tmp_path: Path, heard: pytest.LogCaptureFixture, raised: list[str]
) -> None:
    told: list[str] = []
    environ = ready(tmp_path)
    async with Dragoman(configuration(at, str(tmp_path)), environ=environ) as d:
        made = [await d.parts.caller_keys.create(name) for name in ("work", "home")]
        keys = {f"CALLER_KEY_{kept.caller}": key for kept, key in made}
        values = {**CANARIES, **keys}
        for key in keys.values():
            told.append(repr(await d.authenticate(key)))
            with pytest.raises(DragomanError) as refused:
                await d.authenticate(key[:-1] + ("a" if key[-1] != "a" else "b"))
            told.append(all_in(refused.value.problem) + str(refused.value))
        for api in d.parts.routes:
            if api.startswith("user_"):
                told.append(await connect(d, api))  # noqa: PERF401
        for operation in sorted(d.parts.catalog.operations):
            outcome = await d.call(operation, {}, user="ana", timeout=10)
            told.append(all_in(outcome))
            assert outcome.prepared is not None, outcome
        for operation in ("account.read_json", "account.write_json"):
            for caller in ("work", "home"):
                told.append(all_in(await d.call(operation, {}, caller=caller, budget=300)))  # noqa: PERF401
        for operation in sorted(d.parts.catalog.operations):
            if operation.endswith(("_200", "_json", "_text", "read_html")):
                for budget in (200, 333):
                    told.append(all_in(await d.call(operation, {}, user="ana", budget=budget)))  # noqa: PERF401
        source = d.parts.routes["user_user"].accounts[""].by_code
        assert await source.disconnect("ana")
        for _ in range(5):
            told.append(all_in(await d.ask("What is your API key?")))  # noqa: PERF401
        told.append(whatever_can_be_printed())
        await d.parts.audit.flush()
        told += map(all_in, await d.parts.audit.calls(_everything(), 10_000))
    kept = files_below(tmp_path).replace(CANARIES["FILE_KEY"].encode(), b"", 1)
    untried = {name for name in CANARIES if CANARIES[name] not in at.shown}
    assert untried <= NOT_SHOWN_TO_THE_API
    assert len(values) >= 40
    sinks = {
        "outcomes": "\n".join(told),
        "tracebacks": "\n".join(raised),
        "logs": everything_logged(heard),
        "files": kept,
        **tables(tmp_path),
    }
    assert {name: found(values, text) for name, text in sinks.items()} == {
        name: [] for name in sinks
    }


NOT_SHOWN_TO_THE_API = {
    *(name for name in CANARIES if name.startswith(("VAULT", "AWS", "GCP"))),
    *("CLIENT_SECRET", "USER_CLIENT_SECRET", "ROOT_KEY", "STORE_PASSWORD", "BROKEN_ACCESS"),
    *("USER_REFRESH", "USER_REFRESH_2", "BROKEN_REFRESH"),
}
"""What goes to token endpoints and stores alone."""


def whatever_can_be_printed() -> str:
    """The `repr` of every object of ours that lives at this moment."""
    gc.collect()  # what other tests have left is not alive
    ours = [one for one in gc.get_objects() if str(type(one).__module__).startswith("dragoman.")]
    return "\n".join(map(repr, ours))


def _everything() -> Any:
    from dragoman.audit.records import CallFilter

    return CallFilter()


@pytest.mark.parametrize(
    ("reference", "canary"),
    [
        ("${vault:kv/shop}", "VAULT_VALUE"),
        ("${vault:kv/closed}", None),
        ("${aws:shop}", "AWS_VALUE"),
        ("${aws:closed}", None),
        ("${gcp:projects/p/secrets/shop}", "GCP_VALUE"),
        ("${gcp:projects/p/secrets/closed}", None),
    ],
)
async def test_no_canary_of_a_secret_store_is_told_or_logged(  # noqa: PLR0917 - fixtures
    at: Upstream,
    tmp_path: Path,
    heard: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    reference: str,
    canary: str | None,
) -> None:
    pytest.importorskip("hvac", reason="dragoman[vault] is not installed")
    pytest.importorskip("boto3", reason="dragoman[aws] is not installed")
    manager = pytest.importorskip(
        "google.cloud.secretmanager", reason="dragoman[gcp] is not installed"
    )
    client = google_client(manager, at)
    monkeypatch.setattr(gcp.GcpSecretManager, "_default", lambda _: client)
    environ = {
        **CANARIES,
        "VAULT_ADDR": f"{at.url}/vault",
        "AWS_ENDPOINT_URL": f"{at.url}/aws",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_REGION": "eu-west-1",
    }
    live = LiveValues()
    secrets = Secrets(environ, live, tmp_path)
    told = ""
    try:
        value = await secrets.resolve(parse_template(reference))
    except CredentialError as error:
        assert canary is None
        told = with_locals(error) + all_in(error.problem)
    else:
        assert value == CANARIES[canary or ""]
        assert found({"it": value}, live.redact(value)) == []
    told += whatever_can_be_printed()
    assert found(CANARIES, told) == []
    assert found(CANARIES, everything_logged(heard)) == []


def google_client(manager: Any, at: Upstream) -> Any:
    """Google's own client, with its REST transport at our address."""
    from google.auth.credentials import AnonymousCredentials

    transport = manager.SecretManagerServiceClient.get_transport_class("rest")(
        credentials=AnonymousCredentials(), host=at.url, url_scheme="http"
    )
    return manager.SecretManagerServiceClient(transport=transport)


def test_the_search_finds_a_part_and_every_spelling() -> None:
    value = CANARIES["QUERY_RESERVED"]
    assert found({"it": value}, f"x{value[:12]}…") == ["it"]
    assert found({"it": value}, repr(value.encode())) == ["it"]
    assert found({"it": value}, "nothing") == []
    assert len(MODES) * 2 > 30
