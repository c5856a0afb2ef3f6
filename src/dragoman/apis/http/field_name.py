"""Names of headers that no argument may write, whatever a description says."""

from __future__ import annotations

import re

__all__ = ["header_fault"]

# RFC 9110 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_WHY = {
    "it frames the message or governs the connection": {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    },
    "it is the place of a credential": {"authorization", "cookie", "set-cookie"},
    "it says who asks": {"forwarded", "x-client-ip", "x-real-ip", "true-client-ip", "via"},
    "it would change the method or the path": {
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
    },
    "Dragoman decodes the answer": {"accept-encoding"},
    "it follows from the body": {"content-encoding", "content-type"},
}
_PREFIXES = {"x-forwarded-": "it says who asks", "proxy-": "it is meant for a proxy"}


def header_fault(name: str) -> str:
    """Return why no argument may write a header of that name, or nothing where one may."""
    if not _TOKEN.fullmatch(name):
        return "it is no name of a header"
    lower = name.lower()
    for prefix, why in _PREFIXES.items():
        if lower.startswith(prefix):
            return why
    return next((why for why, names in _WHY.items() if lower in names), "")
