"""What came back, read with suspicion: the error in it, or the value.

Everything here is a stranger's text. It is decoded by what the answer says of itself, and never
by guessing; what cannot be told as a value is described instead.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import cast

from dragoman.apis.http.complaint import complaint, printable
from dragoman.apis.http.media import charset_of, codec_of, is_json, is_text, is_xml
from dragoman.apis.http.throttled import throttled
from dragoman.apis.http.waiting import asked, retry_after
from dragoman.credentials.parts import OF_THE_USER
from dragoman.errors import ApiError, CredentialError, DragomanError, ResponseError
from dragoman.exact_json import decode
from dragoman.operation import JsonValue, Prepared, Received

__all__ = ["MAX_DEPTH", "MAX_INLINE", "is_file", "problem_of", "read_answer"]

MAX_INLINE = 64 * 1024
"""Bytes up to which a binary answer is given as base64."""

MAX_DEPTH = 128
"""Of objects and lists within each other, in an answer."""

_MAX_START = 60
_UTF_8_MARK = b"\xef\xbb\xbf"
_MARKS = ((_UTF_8_MARK, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,100}?\sencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})")

# RFC 9110 11.6.1, RFC 6750 3: the error of a challenge, and the scope that would do.
_ERROR = re.compile(r'\berror\s*=\s*"?(invalid_token|insufficient_scope)\b', re.IGNORECASE)
_SCOPE = re.compile(r'\bscope\s*=\s*"([!#-\[\]-~ ]{1,200})"', re.IGNORECASE)


def problem_of(prepared: Prepared, received: Received) -> DragomanError | None:
    """Return the error that an answer is, or None for one of the 2xx.

    Being asked too often is a 429 in whatever words it comes: as a 403, or inside a 200.
    401 is the fault of the credential, or of there being none (RFC 9110, section 15.5.2). 403 is
    so only where the API says it in a challenge (RFC 6750, section 3.1): otherwise it has accepted
    the credential and refuses this one thing, another customer's order perhaps, and to rotate the
    credential would help nobody. What is neither success nor refusal (1xx, 3xx) is a
    `ResponseError`: whether a write happened, it does not say.
    """
    status, api = received.status, prepared.api
    if 200 <= status < 300 and throttled(received) is None:
        return None
    headers = _headers(received)
    if status == 401:
        return _not_accepted(api, received)
    if status == 403 and (found := _ERROR.search(headers.get("www-authenticate", ""))):
        return _not_enough(api, received, found[1].lower(), headers["www-authenticate"])
    if 300 <= status < 400 or status < 200:
        return ResponseError(f"{api} answered {_named(status)}, which leads nowhere from here.")
    words = complaint(received.body) if status >= 400 else "it is asked too often"
    said = f"{status} from {api}: {words}" if words else f"{_named(status)} from {api}."
    limits = asked(received)
    return ApiError(
        said if said.endswith((".", "!", "?", "…")) else f"{said}.",
        upstream_status=429 if limits.refused else status,
        retry_after=retry_after(headers) if limits.pause is None else limits.pause,
        hint=_hint(received) if status == 403 and not limits.refused else "",
    )


def _not_accepted(api: str, received: Received) -> CredentialError:
    if not received.credential:
        return CredentialError(
            f"401 from {api}: it wants a credential, and none was sent.",
            hint=f"Write one under apis.{api}.auth, then: dragoman check {api}",
        )
    hint = f"Rotate it, then: dragoman check {api}"
    if received.credential.endswith(OF_THE_USER):
        hint = f"To connect again: dragoman connect {api}, with --user ID for an end user"
    return CredentialError(
        f"401 from {api} with {received.credential}: it was sent and refused.", hint=hint
    )


def _not_enough(api: str, received: Received, error: str, challenge: str) -> CredentialError:
    shown = received.credential or "no credential"
    if error == "invalid_token":
        return CredentialError(
            f"403 from {api} with {shown}: it was refused as invalid.",
            hint=f"Rotate it, then: dragoman check {api}",
        )
    scope = _SCOPE.search(challenge)
    wanted = f"the scope {scope[1]}" if scope else "more rights"
    return CredentialError(
        f"403 from {api} with {shown}: it was accepted, and its rights are not enough.",
        hint=f"Give it {wanted}, then: dragoman check {api}",
    )


def _hint(received: Received) -> str:
    if not received.credential:
        return "No credential was sent."
    return f"{received.credential} was sent; it may not be allowed to do this."


def _named(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


def read_answer(received: Received) -> JsonValue:
    """Return the value of a good answer: by its media type JSON, text, or a binary as an object.

    A binary is `{media_type, bytes, base64}`; a large one has a `note` in place of `base64`. XML
    and HTML are text. No content is None. Numbers are exact.

    Raises `ResponseError` for what says that it is JSON and is not, or is nested too deeply.
    """
    body, media_type = received.body, received.media_type
    if received.status in {204, 205} or not body:
        return None
    content_type = _headers(received).get("content-type", "") or media_type
    if is_json(media_type):
        return _json(body, content_type)
    if not media_type:
        return _unnamed(body)
    if is_text(media_type):
        return _text(body, content_type)
    return _binary(body, media_type)


def is_file(received: Received) -> bool:
    """Whether an answer is bytes that are no text: what `read_answer` gives as an object."""
    body, media_type = received.body, received.media_type
    if received.status in {204, 205} or not body or is_json(media_type):
        return False
    if media_type:
        return not is_text(media_type)
    try:
        return "\x00" in body.decode("utf-8")
    except UnicodeDecodeError:
        return True


def _json(body: bytes, content_type: str) -> JsonValue:
    try:
        value = _decoded(body, content_type)
    except (ValueError, ArithmeticError):
        text = body[:256].decode("utf-8", "replace")
        # Its last word may be cut, and half a secret would not be known as one.
        start = printable(text if len(body) <= 256 else text.rpartition(" ")[0], _MAX_START)
        shown = f'it begins with "{start}"' if start else "it begins with what is no text"
        raise ResponseError(f"The answer says that it is JSON and is not: {shown}.") from None
    if _is_deep(body, value):
        raise ResponseError(f"The answer is nested deeper than {MAX_DEPTH}, which is not read.")
    return value


def _decoded(body: bytes, content_type: str) -> JsonValue:
    """Read JSON, which is UTF-8 (RFC 8259, section 8.1) unless the answer says otherwise."""
    codec = codec_of(charset_of(content_type))
    if codec not in {"", "utf-8", "ascii"}:
        return decode(body.decode(codec))
    return decode(body.removeprefix(_UTF_8_MARK))


def _is_deep(body: bytes, value: JsonValue) -> bool:
    # Counting brackets is cheap, and shows of nearly every answer that it cannot be too deep.
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    level = [value] if _is_composite(value) else []
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _members(outer) if _is_composite(inner)]
        if not level:
            return False
    return True


def _members(value: JsonValue) -> Iterable[JsonValue]:
    return value.values() if isinstance(value, dict) else cast("list[JsonValue]", value)


def _is_composite(value: JsonValue) -> bool:
    return isinstance(value, dict | list)


def _unnamed(body: bytes) -> JsonValue:
    """Read an answer that does not say what it is: JSON if it is that, else text if it is that."""
    try:
        value = decode(body)
    except (ValueError, ArithmeticError):
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return _binary(body, "application/octet-stream")
        return text if "\x00" not in text else _binary(body, "application/octet-stream")
    if _is_deep(body, value):
        raise ResponseError(f"The answer is nested deeper than {MAX_DEPTH}, which is not read.")
    return value


def _text(body: bytes, content_type: str) -> str:
    """Decode characters: by their mark, by the charset, by what XML declares, else as UTF-8."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    charset = charset_of(content_type)
    if not charset and is_xml(content_type) and (found := _XML_ENCODING.match(body[:200])):
        charset = found[1].decode("ascii")
    return body.decode(codec_of(charset) or "utf-8", "replace")


def _binary(body: bytes, media_type: str) -> JsonValue:
    described: dict[str, JsonValue] = {"media_type": media_type, "bytes": len(body)}
    if len(body) > MAX_INLINE:
        described["note"] = f"Not shown: it is larger than {MAX_INLINE // 1024} KiB."
    else:
        described["base64"] = base64.b64encode(body).decode("ascii")
    return described


def _headers(received: Received) -> Mapping[str, str]:
    """Return the first value of each header, by its name in lower case."""
    found: dict[str, str] = {}
    for name, value in received.headers:
        found.setdefault(name.lower(), value)
    return found
