"""Text for arguments: of a format, of a pattern, or of no kind at all."""

from __future__ import annotations

from functools import cache

__all__ = ["PLAIN", "RICH", "text_of_format", "text_of_pattern"]

PLAIN = ("alpha", "beta", "gamma")
RICH = ("two words", "Zoë & Söhne", "50%25=1/2?", "a+b#c", "x;y:z@w", "名前")
"""What an encoding must carry: reserved characters, spaces, percent signs, other scripts."""

_FORMATS = {
    "date": "2026-11-24",
    "date-time": "2026-11-24T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "P1D",
    "uuid": "6f1c2a3e-0b4d-4c5e-8f60-718293a4b5c6",
    "uri": "https://example.com/a?b=c",
    "url": "https://example.com/a?b=c",
    "uri-reference": "/a?b=c",
    "email": "maria@example.com",
    "hostname": "host.example.com",
    "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7",
    "ip-address": "192.0.2.7",
    "byte": "aGFsbG8=",
    "regex": "^a+$",
    "json-pointer": "/a/0",
    "decimal": "12.50",
    "timestamp": "2026-11-24T09:30:00Z",
    "http-method": "GET",
    "iso-country-code": "NO",
    "phone-number": "+15005550006",
}


def text_of_format(form: str, encoding: str) -> str | None:
    """Return text of a format, None where it has none that is known here."""
    return _FORMATS["byte"] if encoding == "base64" else _FORMATS.get(form)


_KEYBOARD = "".join(map(chr, range(0x20, 0x7F)))


@cache
def text_of_pattern(pattern: str, least: int, most: int | None) -> str:
    """Return text that a pattern matches, always the same."""
    from hypothesis import HealthCheck, Phase, find, settings, strategies  # noqa: PLC0415 - slow

    calm = settings(
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return find(
        strategies.from_regex(pattern, alphabet=_KEYBOARD),
        lambda text: len(text) >= max(least, 1) and (most is None or len(text) <= most)
        and text.isprintable() and text.strip(". ") == text,
        settings=calm,
    )  # fmt: skip
