"""The forms in which a secret value may come back: as it is, and as others encode it.

Upstream servers echo what they were sent in headers, addresses, pages, JSON and logs, each in the
encoding of its library. A form is only of use if it holds for any text around the value.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

__all__ = ["MIN_LENGTH", "forms"]

MIN_LENGTH = 8
"""Characters from which a value is searched for: shorter ones would be found in innocent text."""

_LEFT_ALONE = (
    "",
    "/",
    "!*'()",  # encodeURIComponent, ECMA-262 19.2.6
    "!*'();,/?:@&=+$#",  # encodeURI
    "!$'()*,;:@/?",  # what many keep in a query (RFC 3986, 3.4)
)
"""What encoders leave as it is, besides letters, digits and `-._~`."""

_ESCAPED_IN_JSON = ("", "<>&", "<>&'", "<>&'=", "<>&'+`\"")
"""What libraries write as \\u003c in JSON for the sake of HTML: none, Go, Rails, Gson, .NET."""

_ESCAPE = re.compile(r"%[0-9A-F]{2}|\\u[0-9a-f]{4}")


def forms(value: str) -> Iterator[str]:
    """Yield the forms of a value, some of them more than once."""
    yield value
    yield from _in_addresses(value)
    yield from _in_json(value)
    yield from _in_pages(value)
    raw = value.encode("utf-8", "surrogatepass")
    yield raw.hex()
    yield raw.hex().upper()
    for encoded in _in_base64(raw):
        yield encoded
        yield encoded.replace("/", "\\/")
        yield from _both_cases(quote(encoded, safe=""))
        yield encoded.replace("+", "-").replace("/", "_")


def _in_addresses(value: str) -> Iterator[str]:
    """Yield the percent-encoded forms (RFC 3986, 2.1): hexadecimal digits in either case."""
    for safe in _LEFT_ALONE:
        yield from _both_cases(quote(value, safe=safe, errors="surrogatepass"))
    yield from _both_cases(quote_plus(value, errors="surrogatepass"))


def _in_json(value: str) -> Iterator[str]:
    for ensure_ascii in (True, False):
        text = json.dumps(value, ensure_ascii=ensure_ascii)[1:-1]
        for escaped in _ESCAPED_IN_JSON:
            form = text.replace('\\"', "\\u0022") if '"' in escaped else text
            for character in escaped.replace('"', ""):
                form = form.replace(character, f"\\u{ord(character):04x}")
            yield from _both_cases(form)
            yield from _both_cases(form.replace("/", "\\/"))


def _in_pages(value: str) -> Iterator[str]:
    yield html.escape(value, quote=False)
    escaped = html.escape(value)
    yield escaped
    numeric = escaped.replace("&#x27;", "&#39;")
    yield numeric
    yield numeric.replace("&quot;", "&#34;")
    # Mustache and OWASP's rules escape these as well.
    more = {"/": "&#x2F;", "`": "&#x60;", "=": "&#x3D;"}
    for names in ("/", "/`="):
        form = numeric
        for name in names:
            form = form.replace(name, more[name])
        yield form


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield the part of the base64 of any text around the value that the value alone decides.

    A value may begin at any of three places within a group of three bytes (RFC 4648, section 4);
    characters that its neighbours have a share in are left away.
    """
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode("ascii").rstrip("=")
        start = -(-offset * 8 // 6)
        whole = (offset + len(raw)) * 8 // 6
        certain = encoded[start:whole]
        if len(certain) >= MIN_LENGTH:
            yield certain


def _both_cases(form: str) -> Iterator[str]:
    """Yield a form with its escapes in capitals and in small letters; the rest stays."""
    yield form
    yield _ESCAPE.sub(lambda match: match[0].lower(), form)
    yield re.sub(r"\\u[0-9a-f]{4}", lambda match: f"\\u{match[0][2:].upper()}", form)
