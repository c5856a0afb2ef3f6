"""A program of others, used from its own description: a Jupyter server.

It runs in an environment of its own. Its document is Swagger 2.0, names no operation and declares
no security; it is fetched from the server and used as it is.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dragoman import Dragoman, Outcome
from dragoman.cli.terminal import bold, complain, mark, note
from dragoman.exact_json import encode_text
from dragoman.network import Bounds, Network, Reach, Request
from dragoman.operation import JsonObject, JsonValue
from judge.programs import MissingError, free_port, python_environment, running

__all__ = ["demo"]

_SERVER, _KERNEL = "jupyter-server==2.21.0", "ipykernel==7.4.0"
_SECONDS = 60
_SHOWN = 100
_TOKEN = "JUPYTER_TOKEN"  # noqa: S105 - the name of a variable


async def demo(home: Path) -> int:
    """Manage a file and a kernel; return 0 where every call did what it should, else 1."""
    environment = python_environment(home, _SERVER, _KERNEL)
    port, token = free_port(), secrets.token_hex(16)
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="dragoman-real-") as name:
        folder = Path(name)
        (folder / "root" / "work").mkdir(parents=True)
        words = [str(environment / "bin" / "jupyter-server"), "--allow-root", "--no-browser"]
        words += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
        words += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder / 'root'}"]
        async with running(words, port, seconds=_SECONDS, cwd=folder, environ={_TOKEN: token}):
            (folder / "spec.yaml").write_bytes(await _fetched(f"{address}/api/spec.yaml", token))
            async with Dragoman(_config(folder, address), environ={_TOKEN: token}) as d:
                note(f"{_SERVER} at {address}: {len(d.parts.catalog.operations)} operations")
                return 0 if await _play(_Jupyter(d)) else 1


def _config(folder: Path, address: str) -> dict[str, object]:
    return {
        "store": f"sqlite:///{folder}/dragoman.db",
        "apis": {
            "jupyter": {
                "openapi": str(folder / "spec.yaml"),
                "base_url": address,
                "auth": {"header": {"Authorization": f"token ${{{_TOKEN}}}"}},
                "require_approval": "never",
            }
        },
    }


async def _fetched(address: str, token: str) -> bytes:
    """Return the server's own document, which it shows only to who has the token."""
    request = Request("GET", address, (("Authorization", f"token {token}"),))
    async with Network() as network:
        answer = await network.exchange(
            request, reach=Reach.of(urls=[address]), bounds=Bounds(_SECONDS)
        )
    if answer.status != 200:
        raise MissingError(f"{address} answered {answer.status} instead of a description.")
    return answer.body


class _Jupyter:
    """Calls operations one after another, and shows each with what came of it."""

    def __init__(self, d: Dragoman) -> None:
        self._d = d
        self.failed = 0

    async def call(
        self, operation: str, arguments: JsonObject, expected: Mapping[str, JsonValue]
    ) -> Mapping[str, JsonValue]:
        """Return the data of an answer, which is to hold what is expected."""
        shown = " ".join(f"{name}={_short(value)}" for name, value in arguments.items())
        print(bold(f"$ dragoman call jupyter.{operation} {shown}".rstrip()))
        outcome = await self._d.call(f"jupyter.{operation}", arguments)
        data = outcome.data if isinstance(outcome.data, Mapping) else {"": outcome.data}
        wrong = [name for name, value in expected.items() if data.get(name) != value]
        if outcome.ok and not wrong:
            mark(_short(outcome.data))
        else:
            self.failed += 1
            complain(_why(outcome, wrong))
        return data


def _why(outcome: Outcome, wrong: list[str]) -> str:
    if outcome.problem is not None:
        return outcome.problem.detail
    return f"{', '.join(wrong)} is not as expected: {_short(outcome.data)}"


def _short(value: JsonValue) -> str:
    text = encode_text(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


async def _play(jupyter: _Jupyter) -> bool:
    text = {"type": "file", "format": "text", "content": "Zoë & 50 %\n"}
    old, new = "work/first note.txt", "work/second?note#1.txt"
    note("A file: create, list, rename, read, delete")
    await jupyter.call("post_api_contents_path", {"path": "work", "type": "file"}, {"type": "file"})
    await jupyter.call("put_api_contents_path", {"path": old, **text}, {"path": old})
    await jupyter.call("get_api_contents_path", {"path": "work"}, {"type": "directory"})
    await jupyter.call("patch_api_contents_path", {"path": old, "path_body": new}, {"path": new})
    read = {"path": new, "content": "Zoë & 50 %\n"}
    await jupyter.call("get_api_contents_path", {"path": new, "content": 1}, read)
    await jupyter.call("delete_api_contents_path", {"path": new}, {})
    note("A kernel: start, look, stop")
    kernel = await jupyter.call("post_api_kernels", {"name": "python3"}, {"name": "python3"})
    known = {"kernel_id": kernel.get("id", "")}
    await jupyter.call("get_api_kernels_kernel_id", known, {"id": kernel.get("id")})
    await jupyter.call("delete_api_kernels_kernel_id", known, {})
    return not jupyter.failed
