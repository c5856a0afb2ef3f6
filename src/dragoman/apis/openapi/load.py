"""Getting an OpenAPI document: from the owner's disk or from an address, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from dragoman.apis.openapi.swagger import upgraded
from dragoman.config import yaml12
from dragoman.errors import ConfigurationError, DescriptionError
from dragoman.network import Bounds, Network, Reach, Request
from dragoman.operation import JsonObject, JsonValue

__all__ = ["MAX_BYTES", "Source", "load", "parsed"]

MAX_BYTES = 64 * 1024 * 1024
"""The largest document that is read: five times the largest that is known (GitHub's)."""

_SECONDS = 60.0
_ACCEPT = "application/json, application/yaml;q=0.9, */*;q=0.5"
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Source:
    """A document as it was read; `from_disk` tells whether it lies on the owner's disk.

    A document of Swagger 2.0 is here in the form of OpenAPI 3.0, with the findings of that.
    """

    location: str
    from_disk: bool
    document: JsonObject = field(repr=False)
    findings: tuple[str, ...] = ()


async def load(location: str, *, base: Path, network: Network, reach: Reach) -> Source:
    """Return the document at a path, relative to `base`, or at an address.

    Raises `DescriptionError` for what cannot be read as OpenAPI, and what `Network.exchange`
    raises where it cannot be fetched.
    """
    if "://" not in location:
        data = await asyncio.to_thread(_from_disk, base / location, location)
        return await asyncio.to_thread(parsed, data, location, from_disk=True)
    request = Request("GET", location, (("Accept", _ACCEPT),))
    response = await network.exchange(request, reach=reach, bounds=Bounds(_SECONDS, MAX_BYTES))
    if response.status != 200:
        raise DescriptionError(
            f"{location} answered {response.status} instead of a description.",
            hint="Check the address, or save the document and name its path.",
        )
    return await asyncio.to_thread(parsed, response.body, location, from_disk=False)


def parsed(data: bytes, location: str, *, from_disk: bool) -> Source:
    """Return the document in these bytes; raises `DescriptionError` naming what they are."""
    document = _value(data, location)
    if not isinstance(document, Mapping):
        raise _not_openapi(location, "its root is not an object")
    version = document.get("openapi", document.get("swagger"))
    if not isinstance(version, str | int | float):
        raise _not_openapi(location, _what_else(document))
    if not isinstance(document.get("paths", {}), Mapping):
        raise _not_openapi(location, "its paths are not an object")
    if str(version) == "2.0":
        document, findings = upgraded(document)
        return Source(location, from_disk, document, findings)
    major, _, minor = str(version).partition(".")
    if major != "3":
        raise DescriptionError(
            f"{location} is OpenAPI {str(version)[:20]}.", hint="Supported are 2.0, 3.0 and 3.1."
        )
    findings = () if minor[:1] in {"0", "1"} else (f"OpenAPI {version} is read as 3.1.",)
    return Source(location, from_disk, document, findings)


def _from_disk(path: Path, location: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DescriptionError(
            f"{location}: there is no such file.", hint="Paths are relative to the configuration."
        ) from None
    except OSError as error:
        raise DescriptionError(f"{location} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise DescriptionError(f"{location} is larger than {MAX_BYTES // 2**20} MiB.")
    return data


def _value(data: bytes, location: str) -> JsonValue:
    """Parse JSON or YAML, told apart by the first character."""
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not start:
        raise _not_openapi(location, "it is empty")
    if start == b"<":
        raise _not_openapi(location, "it is HTML or XML, perhaps a page about the document")
    if start == b"{":
        return _json(data, location)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DescriptionError(
            f"{location} is not text in UTF-8 (byte {error.start:,})."
        ) from None
    if "\x00" in text:
        raise _not_openapi(location, "it is not text")
    try:
        return yaml12.parse(text, location)
    except ConfigurationError as error:
        raise DescriptionError(f"{error.detail}.") from None


def _json(data: bytes, location: str) -> JsonValue:
    import orjson  # noqa: PLC0415 - only where a document is read

    try:
        return cast("JsonValue", orjson.loads(data.removeprefix(b"\xef\xbb\xbf")))
    except orjson.JSONDecodeError as error:
        place = f"{location}:{error.lineno}" if error.lineno else location
        # A flow mapping of YAML begins with a brace too.
        if error.lineno and len(data) < 2**20:
            try:
                return yaml12.parse(data.decode("utf-8-sig"), location)
            except (ConfigurationError, UnicodeDecodeError):
                raise DescriptionError(f"{place}: not JSON: {error.msg}.") from None
        raise DescriptionError(f"{place}: not JSON: {error.msg}.") from None


def _what_else(document: Mapping[str, JsonValue]) -> str:
    """Say what a document seems to be that is none of ours."""
    if "asyncapi" in document:
        return "it is AsyncAPI, which describes messages"
    if "__schema" in document or "data" in document:
        return "it looks like GraphQL, which is not supported yet"
    if "item" in document and "info" in document:
        return "it looks like a Postman collection: export it as OpenAPI"
    if "log" in document:
        return "it looks like a HAR file"
    if "apis" in document:
        return "it is a configuration of Dragoman: name the document in it"
    names = ", ".join(map(str, list(document)[:5]))
    return f"it has neither 'openapi' nor 'swagger' at its root, only: {names[:_SHOWN] or 'nothing'}"


def _not_openapi(location: str, why: str) -> DescriptionError:
    return DescriptionError(
        f"{location} is no OpenAPI document: {why}.",
        hint="Without a document, write the calls down: dragoman add NAME --curl 'curl …'",
    )
