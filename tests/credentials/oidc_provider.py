"""An OpenID provider of others on loopback (npm `oidc-provider`), and a person with a browser."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp
import pytest

SOURCE = Path(__file__).parent / "oidc"
REDIRECT = "http://127.0.0.1:1/callback"


@dataclass(frozen=True)
class Provider:
    """A running provider."""

    url: str

    async def refreshes(self) -> int:
        """How many refresh tokens it has given out so far."""
        async with aiohttp.ClientSession() as client, client.get(f"{self.url}/refreshes") as got:
            return int(await got.text())

    def auth(self, client: str = "confidential", **more: Any) -> dict[str, Any]:
        """What stands under `auth: {oauth: …}` for one of its clients."""
        secret = {} if client == "public" else {"client_secret": "${SECRET}"}
        return {
            "grant": "authorization_code",
            "client_id": client,
            "authorization_url": f"{self.url}/auth",
            "token_url": f"{self.url}/token",
            "revocation_url": f"{self.url}/token/revocation",
            "scopes": ["openid", "profile"],
            **secret,
            **more,
        }


@pytest.fixture(scope="session")
def oidc_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider, installed as its lock file says."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("no Node.js on this machine, in which the OpenID provider runs")
    folder = tmp_path_factory.mktemp("oidc")
    for name in ("package.json", "package-lock.json", "server.mjs"):
        shutil.copy(SOURCE / name, folder)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        timeout=180,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"npm could not install the provider: {done.stderr.decode()[-300:]}")
    return folder


@contextmanager
def running(folder: Path, *, seconds: int = 3600) -> Iterator[Provider]:
    """Run a provider whose access tokens live that long."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    environment = {**os.environ, "PORT": str(port), "SECONDS": str(seconds)}
    process = subprocess.Popen(
        ["node", "server.mjs"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        while line := process.stdout.readline():
            if "ready" in line:
                break
        assert line, "the provider did not start"
        yield Provider(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


async def says_yes(url: str, person: str, *, visit: bool = False) -> dict[str, str]:
    """Log in as a person, agree, and return what the browser is sent back with.

    With `visit` the browser also opens the address it is sent back to.
    """
    jar = aiohttp.CookieJar(unsafe=True)  # unsafe: of an address, not of a name
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(url, allow_redirects=False) as answer:
            place = urljoin(url, answer.headers["Location"])
        for _ in range(12):
            if urlsplit(place).path == "/callback":
                break
            async with browser.get(place, allow_redirects=False) as answer:
                if answer.status in (302, 303):
                    place = urljoin(place, answer.headers["Location"])
                    continue
                page = await answer.text()
            prompt = re.search(r'name="prompt" value="(\w+)"', page)
            assert prompt, page
            form = {"prompt": prompt[1], "login": person, "password": "any"}
            action = re.search(r'action="([^"]+)"', page)
            assert action, page
            sent = browser.post(urljoin(place, action[1]), data=form, allow_redirects=False)
            async with sent as answer:
                place = urljoin(place, answer.headers["Location"])
        if visit:
            async with browser.get(place) as answer:
                assert "close this page" in await answer.text()
    return dict(parse_qsl(urlsplit(place).query))
