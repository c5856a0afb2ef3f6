"""`dragoman connect`: an end user lets us use an API on their behalf (OAuth 2, by code)."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from cyclopts import Parameter

from dragoman.cli.command import Options, verb
from dragoman.cli.terminal import can_ask, mark, note, print_json, progress
from dragoman.credentials.authorization_code import AuthorizationCode, Begun
from dragoman.errors import ConfigurationError, CredentialError, NotFoundError
from dragoman.nearest import did_you_mean

app = verb("connect", "Let an end user connect an API, so that it is used on their behalf.")

__all__ = ["app"]

_MINUTES = 5


@app.default
async def connect(
    api: str,
    *,
    user: str | None = None,
    account: str | None = None,
    port: int = 0,
    redirect_uri: str | None = None,
    browser: bool = True,
    disconnect: Annotated[bool, Parameter(name="--disconnect", negative="")] = False,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Open the address at which the user says yes, and keep the tokens that come of it, sealed.

    Parameters
    ----------
    api
        The API; under its auth stands grant: authorization_code.
    user
        The end user whose account it is. [default: the owner's own]
    account
        Which account of the API, where the file has several. [default: the first]
    port
        The port on this machine to which the browser comes back; 0 for any that is free.
    redirect_uri
        Where the browser goes instead; you then paste the address that it shows.
    browser
        Open a browser; the address is printed in any case.
    disconnect
        Forget the tokens of the user, and tell the server where the file has a revocation_url.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        routes = d.parts.routes
        if api not in routes:
            raise NotFoundError(f"There is no API '{api}'.", hint=did_you_mean(api, routes))
        given = account or d.configuration.settings.apis[api].own_account
        if given not in routes[api].accounts:
            known = ", ".join(filter(None, routes[api].accounts)) or "only one"
            raise NotFoundError(f"{api} has no account '{given}'.", hint=f"It has: {known}.")
        source = routes[api].accounts[given].by_code
        if disconnect:
            if not await source.disconnect(user or ""):
                raise NotFoundError(f"{_who(user)} is not connected to {api}.")
        else:
            await _connect(source, user or "", port, redirect_uri, browser=browser)
    if json:
        print_json({"api": api, "user": user, "connected": not disconnect})
    else:
        mark(f"{_who(user)} is {'disconnected from' if disconnect else 'connected to'} {api}")
    return 0


async def _connect(
    source: AuthorizationCode, user: str, port: int, redirect_uri: str | None, *, browser: bool
) -> None:
    if redirect_uri is not None:
        begun = await source.begin(redirect_uri)
        _show(begun, browser=browser)
        await source.finish(begun, await asyncio.to_thread(_pasted), user)
        return
    from dragoman.servers.callback import callback  # noqa: PLC0415 - its server is slow to import

    try:
        async with callback(port) as waiting:
            begun = await source.begin(waiting.redirect_uri)
            _show(begun, browser=browser)
            brought = await asyncio.wait_for(waiting.brought, _MINUTES * 60)
    except OSError as error:
        raise ConfigurationError(f"--port {port}: {error.strerror}.") from None
    except TimeoutError:
        raise CredentialError(
            f"Nobody came back within {_MINUTES} minutes.",
            hint="If the browser is elsewhere: --redirect-uri, and paste the address.",
        ) from None
    await source.finish(begun, brought, user)


def _show(begun: Begun, *, browser: bool) -> None:
    note("Open this address, and say yes there:")
    print(begun.url, flush=True)
    if browser and can_ask() and webbrowser.open(begun.url):
        progress("a browser was opened")


def _pasted() -> Mapping[str, str]:
    """Read the address that the browser shows in the end, or the query alone."""
    if can_ask():
        note("Paste the address that the browser shows then:")
    try:
        line = input().strip()
    except EOFError:
        raise CredentialError("No address was given.") from None
    return dict(parse_qsl(urlsplit(line).query or line))


def _who(user: str | None) -> str:
    return user or "the owner"
