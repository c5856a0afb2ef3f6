"""Write docs/wire.md from the cases of the suite: `python tests/wire/wire_page.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wire_case import STANDING, Case, Section, Sent, Unsupported
from wire_suite import SECTIONS

from dragoman.exact_json import encode_text

PAGE = Path(__file__).resolve().parents[2] / "docs" / "wire.md"

HEAD = f"""\
# Right on the wire

What a description says is what is sent. This page is a promise: {{count}} calls, and the exact
request of each. Every one is made through `Dragoman.call` against a raw socket whenever the tests
run, and every byte is compared. Made by `python tests/wire/wire_page.py` from the cases in
`tests/wire/`; a test fails where the two differ.

Each request also has these headers, in this order before those that are shown: `Host`, `Accept`
(`{STANDING}` where nothing else is shown), `Accept-Encoding: gzip, deflate` and `User-Agent`.
Behind them, where there is a body or the method expects one, stands its `Content-Length`. Lines of
a head end in CR LF, and so do those of a form in parts. `{{{{api}}}}` and `{{{{other}}}}` are the
addresses of two servers. *Refused*: nothing is sent, and the error holds these words.
*Unsupported*: the same of the whole operation; the import report says so before any call.
"""


def page() -> str:
    """Return the page."""
    count = sum(len(section.cases) for section in SECTIONS)
    parts = [HEAD.format(count=count)]
    for section in SECTIONS:
        parts.append(f"## {section.title}\n\n{section.about}\n")
        if section.is_table:
            parts.append(_table(section))
        else:
            parts += [_block(case) for case in section.cases]
    return "\n".join(parts)


def _table(section: Section) -> str:
    lines = ["| case | described | arguments | on the wire |", "|---|---|---|---|"]
    for case in section.cases:
        cells = [_code(_description(case)), _code(_json(case.arguments)), _short(case)]
        note = f" {case.says}" if case.says else ""
        lines.append(f"| {_cell(case.title)} | {' | '.join(map(_cell, cells))}{_cell(note)} |")
    return "\n".join(lines) + "\n"


def _short(case: Case) -> str:
    if not isinstance(case.expected, Sent):
        return _verdict(case)
    sent = case.expected
    own = [line for line in sent.headers if not line.startswith("Content-Type: ")]
    pieces = [sent.line, *own, *([] if sent.body is None else [_text(sent.body)])]
    return " ".join(map(_code, pieces))


def _block(case: Case) -> str:
    lines = [f"### {case.title}", ""]
    if case.says:
        lines += [case.says, ""]
    lines += ["```json", *_given(case), "```", ""]
    if isinstance(case.expected, Sent):
        lines += ["```http", *_request(case.expected), "```"]
    else:
        lines.append(_verdict(case))
    return "\n".join(lines) + "\n"


def _given(case: Case) -> Iterator[str]:
    yield f'"described": {_description(case)}'
    if case.root:
        yield f'"document": {_json(case.root)}'
    if case.settings:
        yield f'"settings": {_json(case.settings)}'
    yield f'"arguments": {_json(case.arguments)}'


def _description(case: Case) -> str:
    if isinstance(case.described, str):
        return json.dumps(f"{case.operation} in {case.described}")
    return _json(case.described)


def _request(sent: Sent) -> Iterator[str]:
    yield sent.line
    if sent.to != "api":
        yield f"Host: {{{sent.to}}}"
    if sent.accept != STANDING:
        yield f"Accept: {sent.accept}"
    yield from sent.headers
    if sent.body is not None:
        yield ""
        yield _text(sent.body).removesuffix("\n")


def _verdict(case: Case) -> str:
    kind = "Unsupported" if isinstance(case.expected, Unsupported) else "Refused"
    assert not isinstance(case.expected, Sent)
    return f"*{kind}*: … {case.expected.words} …"


def _text(body: str | bytes) -> str:
    """Return a body as it can be read: bytes that are no text as escapes."""
    data = body.encode() if isinstance(body, str) else body
    return (
        data.replace(b"\r\n", b"\n").replace(b"\x00", rb"\x00").decode("utf-8", "backslashreplace")
    )


def _json(value: Any) -> str:
    try:
        return encode_text(value)
    except ValueError:
        return json.dumps(value)  # NaN, which JSON does not have and this page must show


def _code(text: str) -> str:
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
