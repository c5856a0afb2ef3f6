"""`dragoman lint`: what becomes of a description, what makes it hard for a model, and a fix."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.command import FAILED, USAGE, verb
from dragoman.cli.describe import document
from dragoman.cli.draft import api_name
from dragoman.cli.terminal import bold, complain, mark, neutral, note, print_json, table, warn
from dragoman.lint.advice import Advice, advise
from dragoman.lint.finding import Finding, Rule, pointer
from dragoman.lint.overlay import overlay_text
from dragoman.lint.report import ImportReport, State, import_report
from dragoman.lint.rules import RULES
from dragoman.lint.subject import Subject, subject_of
from dragoman.tools.size import Size

app = verb("lint", "What becomes of a description, what is hard in it for a model, and a fix.")

__all__ = ["app", "examine", "subject_at"]

_SHOWN = 20
_PLACES = 3
_MAX_PLACE = 200
_OUT = Path("fix.overlay.yaml")


@app.default
async def lint(
    source: str,
    *,
    fix: Annotated[bool, Parameter(negative="")] = False,
    out: Path = _OUT,
    force: Annotated[bool, Parameter(negative="")] = False,
    overlay: Annotated[tuple[Path, ...], Parameter(negative="")] = (),
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Tell what becomes of each operation, what makes it hard for a model, and what it costs.

    Parameters
    ----------
    source
        The path or address of an OpenAPI document.
    fix
        Write an overlay that mends what can be mended without changing what is sent.
    out
        Where to write it.
    force
        Write it over a file that is there.
    overlay
        Apply this overlay first, as `overlays:` of an API does.
    json
        Print one JSON object, with every operation and every finding.
    """
    # Of a large document the collector would look at a million objects again and again, of which
    # none is garbage.
    gc.disable()
    try:
        return await _lint(source, overlay, out if fix else None, force=force, json=json)
    finally:
        gc.enable()


async def _lint(
    source: str, overlays: Sequence[Path], out: Path | None, *, force: bool, json: bool
) -> int:
    advice = advise(await subject_at(source, overlays))
    if out is not None and advice.changes:
        fault = await asyncio.to_thread(_write, advice, out, overlays, force=force)
        if fault:
            return fault
    if json:
        print_json(advice.as_json())
        return 0
    _show(advice.report)
    _show_findings(advice)
    _show_score(advice, out)
    return 0


async def examine(source: str) -> ImportReport:
    """Return the report on the description at a path or address.

    Raises `DescriptionError` for what is none, `NetworkError` where it cannot be fetched.
    """
    return import_report((await subject_at(source)).description)


async def subject_at(source: str, overlays: Sequence[Path] = ()) -> Subject:
    """Return what rules look at of the document at a path or address; raises as `examine`."""
    loaded = await document(source, base=Path(), overlays=overlays)
    info = loaded.document.get("info")
    title = info.get("title") if isinstance(info, dict) else ""
    return subject_of(loaded, api_name(title if isinstance(title, str) else "", source))


def _write(advice: Advice, out: Path, overlays: Sequence[Path], *, force: bool) -> int:
    """Write the overlay; return the exit code of what keeps it from being written."""
    if out.resolve() in [one.resolve() for one in overlays]:
        complain(f"{out} holds fixes that are applied already. Name another file (--out).")
        return USAGE
    if not force and out.exists():
        complain(f"{out} is there already. Name another file (--out), or write over it (--force).")
        return USAGE
    title = advice.report.title or "a description without a title"
    text = overlay_text(advice.changes, f"Fixes of {title[:100]}, by dragoman lint")
    try:
        with out.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        complain(f"{out} cannot be written: {error.strerror}.")
        return FAILED
    return 0


def _show(report: ImportReport) -> None:
    count = "1 operation" if report.operations == 1 else f"{report.operations:,} operations"
    mark(f"{report.title or 'A description without a title'} {report.version}: {count}")
    rows = [
        ("full", report.full, "as described"),
        ("changed", report.changed, "callable, and not quite as described"),
        ("unsupported", report.unsupported, "cannot be called"),
    ]
    print(table(("", "", ""), rows))
    for text in report.notes:
        warn(text)
    for item in report.in_state(State.UNSUPPORTED)[:_SHOWN]:
        warn(f"{item.id} ({item.route}) is unsupported: {'; '.join(item.reasons)}")
    _more(report.unsupported - _SHOWN, "unsupported operations")
    reasons = report.reasons(State.CHANGED)
    for reason, count_of_it in reasons[:_SHOWN]:
        note(f"changed in {count_of_it:,}: {reason}")
    _more(len(reasons) - _SHOWN, "reasons of changes")


def _show_findings(advice: Advice) -> None:
    for rule in RULES:
        found = [one for one in advice.findings if one.rule == rule.name]
        pairs = zip(advice.findings, advice.saved, strict=True)
        if found:
            _show_rule(rule, found, sum(saved for one, saved in pairs if one.rule == rule.name))


def _show_rule(rule: Rule, found: Sequence[Finding], saved: int) -> None:
    saves = f" Fixes save {saved:,} tokens." if saved else ""
    print(f"{bold(rule.name)}  {len(found):,}  {rule.effect}{saves}")
    for one in found[:_PLACES]:
        print(f"  {neutral(one.message)}")
        note(f"    #{_short(pointer(one.place))}")
    if len(found) > _PLACES:
        note(f"  … and {len(found) - _PLACES:,} more: --json lists all")


def _show_score(advice: Advice, out: Path | None) -> None:
    after = ""
    if out is not None and not advice.changes:
        mark("nothing to fix: what was found is for people to mend")
    elif out is not None:
        texts = "1 text" if len(advice.changes) == 1 else f"{len(advice.changes):,} texts"
        mark(f"{out}: {texts} changed, and nothing that is sent")
        note(f"  Use it, at the API in dragoman.yaml: overlays: [{_as_written(out)}]")
        after = f", {advise(advice.fixed).score:.2f} after fixes"
    elif advice.changes:
        note(f"{len(advice.changes):,} texts can be mended: --fix writes an overlay that does")
    print(f"score {advice.score:.2f} of 100{after}")
    count = len(advice.subject.tools)
    tools = "1 tool" if count == 1 else f"{count:,} tools"
    print(f"{tools}, {advice.size}, {_number(advice.fixed.size)} after fixes")


def _short(text: str) -> str:
    return text if len(text) <= _MAX_PLACE else f"{text[: _MAX_PLACE - 1]}…"


def _number(size: Size) -> str:
    return str(size).removesuffix(" tokens")


def _as_written(path: Path) -> str:
    text = path.as_posix()
    return text if text.startswith(("/", ".")) else f"./{text}"


def _more(count: int, what: str) -> None:
    if count > 0:
        note(f"… and {count:,} more {what}: --json lists all")
