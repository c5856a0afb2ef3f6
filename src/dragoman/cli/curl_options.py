"""The options of curl: which matter for a call, which do not, and which cannot be followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dragoman.errors import ArgumentError

__all__ = ["Option", "read_options"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option by our name for it. `url` is an address, with or without `--url`."""

    name: str
    value: str = ""


_FLAGS = {"-G": "get", "--get": "get", "-I": "head", "--head": "head"}

_IGNORED = {
    "-s", "--silent", "-S", "--show-error", "-v", "--verbose", "-i", "--include",
    "--show-headers", "-k", "--insecure", "-L", "--location", "--location-trusted",
    "--compressed", "-f", "--fail", "--fail-with-body", "-g", "--globoff", "-N", "--no-buffer",
    "-#", "--progress-bar", "--no-progress-meter", "-4", "--ipv4", "-6", "--ipv6", "-0",
    "--http1.0", "--http1.1", "--http2", "--http3", "--path-as-is", "--tlsv1.2", "--tlsv1.3",
    "--ssl-no-revoke", "-O", "--remote-name",
}  # fmt: skip

_WITH_VALUE = {
    "-X": "method",
    "--request": "method",
    "-H": "header",
    "--header": "header",
    "-d": "data",
    "--data": "data",
    "--data-ascii": "data",
    "--data-binary": "data",
    "--data-raw": "raw",
    "--data-urlencode": "urlencode",
    "--json": "json",
    "-u": "user",
    "--user": "user",
    "--oauth2-bearer": "bearer",
    "-b": "cookie",
    "--cookie": "cookie",
    "--url": "url",
}

_WITH_VALUE_IGNORED = {
    "-A", "--user-agent", "-e", "--referer", "-o", "--output", "-w", "--write-out", "-m",
    "--max-time", "--connect-timeout", "--retry", "--retry-delay", "--retry-max-time",
    "--cacert", "-D", "--dump-header", "-c", "--cookie-jar",
}  # fmt: skip


def read_options(words: list[str]) -> list[Option]:
    """Return the options that matter, in order; raises `ArgumentError` for one not understood."""
    return list(_read(iter(words)))


def _read(rest: Iterator[str]) -> Iterator[Option]:
    for word in rest:
        if not word.startswith("-") or word == "-":
            yield Option("url", word)
        elif word.startswith("--"):
            yield from _one(word, None, rest)
        else:
            yield from _cluster(word, rest)


def _cluster(word: str, rest: Iterator[str]) -> Iterator[Option]:
    """Read short options in one word: `-sSL`, `-XPOST`, `-sd '{}'`."""
    for place, letter in enumerate(word[1:], start=2):
        option = f"-{letter}"
        takes_value = option in _WITH_VALUE or option in _WITH_VALUE_IGNORED
        yield from _one(option, (word[place:] or None) if takes_value else None, rest)
        if takes_value:
            return


def _one(option: str, value: str | None, rest: Iterator[str]) -> Iterator[Option]:
    if option in _IGNORED:
        return
    if option in _FLAGS:
        yield Option(_FLAGS[option])
        return
    if option not in _WITH_VALUE and option not in _WITH_VALUE_IGNORED:
        raise ArgumentError(f"curl's option {option} is not understood. Write the call by hand.")
    given = next(rest, None) if value is None else value
    if given is None:
        raise ArgumentError(f"curl's option {option} has no value.")
    if option in _WITH_VALUE:
        yield Option(_WITH_VALUE[option], given)
