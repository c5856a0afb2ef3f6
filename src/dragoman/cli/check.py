"""`dragoman check`: is my file right — syntax, secrets, each API and its credential."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from dragoman.catalog.arguments import fits_none
from dragoman.cli.call import problem_line
from dragoman.cli.command import CREDENTIALS, FAILED, USAGE, Options, exit_code_of_problem, verb
from dragoman.cli.diff import waiting
from dragoman.cli.draft import effects
from dragoman.cli.terminal import complain, duration, mark, note, print_json, warn
from dragoman.config.settings import AuthValue
from dragoman.errors import Fault
from dragoman.lint.owner import owner_warnings
from dragoman.operation import Effect, JsonValue, Operation, Outcome
from dragoman.secrets.reference import Template

if TYPE_CHECKING:
    from dragoman.app import Dragoman

app = verb("check", "Is my file right: syntax, secrets, each API and its credential.")

__all__ = ["app"]

_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one API: a line for a person, and the exit code that it means."""

    api: str
    ok: bool
    text: str
    code: int = 0


@app.default
async def check(
    api: str | None = None,
    *,
    json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Options = Options(),
) -> int:
    """Check the file: syntax, secrets, and each API with its credential, by one harmless read.

    Parameters
    ----------
    api
        Only this API of the file.
    json
        Print one JSON object.
    """
    async with options.open() as d:
        apis = d.configuration.settings.apis
        if api is not None and api not in apis:
            complain(f"there is no API '{api}'. The file has: {', '.join(apis)}")
            return USAGE
        missing = _missing_secrets(d, api)
        wanted = [name for name in apis if api in (None, name)]
        findings = await asyncio.gather(*(_check(d, name, missing) for name in wanted))
        warnings = await asyncio.to_thread(_warnings, d, wanted)
        if json:
            told = [_as_json(finding) for finding in findings]
            print_json({"apis": told, "warnings": warnings})
        else:
            _show(d, findings, missing)
            for text in warnings:
                warn(text)
    return max((finding.code for finding in findings), default=0)


def _warnings(d: Dragoman, apis: Sequence[str]) -> list[str]:
    """Return what descriptions hide, say to the model, or name alike (`dragoman lint` has more)."""
    operations = d.parts.catalog.operations.values()
    return owner_warnings(one for one in operations if one.api in apis)


def _missing_secrets(d: Dragoman, api: str | None) -> dict[str, list[str]]:
    """Return for each API the complaint about every secret of it that is not set."""
    missing: dict[str, list[str]] = {}
    for name, settings in d.configuration.settings.apis.items():
        if api not in (None, name):
            continue
        shown: dict[tuple[str, ...], dict[str, AuthValue]] = {
            ("accounts", one): auth for one, auth in settings.accounts.items()
        } or {("auth",): settings.auth}
        for way, key, value in ((w, k, v) for w, auth in shown.items() for k, v in auth.items()):
            where = d.configuration.where("apis", name, *way, key)
            for template in _templates(value):
                for reference in d.parts.secrets.missing(template):
                    missing.setdefault(name, []).append(
                        f"{name}: {reference.name} is not set ({where}). "
                        "Set it in the shell or in .env."
                    )
    return missing


def _templates(value: object) -> list[Template]:
    if isinstance(value, Template):
        return [value]
    if isinstance(value, Mapping):
        return [one for member in value.values() for one in _templates(member)]
    members = vars(value).values() if hasattr(value, "model_fields_set") else ()
    return [one for member in members for one in _templates(member)]


async def _check(d: Dragoman, name: str, missing: Mapping[str, Sequence[str]]) -> Finding:
    fault = d.parts.unavailable.get(name)
    if fault is not None:
        return Finding(name, ok=False, text=f"{name}: {fault}", code=FAILED)
    operations = [o for o in d.parts.catalog.operations.values() if o.api == name]
    if name in missing:
        return Finding(name, ok=False, text="; ".join(missing[name]), code=CREDENTIALS)
    vain = await asyncio.to_thread(
        fits_none, operations, d.configuration.settings.apis[name], d.configuration.where
    )
    if vain:
        return Finding(name, ok=False, text="\n".join(vain), code=USAGE)
    probe = _harmless_read(operations)
    if probe is None:
        text = f"{name}: {effects(operations)}; no read without arguments, so it was not called"
        return Finding(name, ok=True, text=text)
    outcome = await d.call(probe.id, timeout=_SECONDS, door="cli")
    return _judge(name, operations, probe, outcome)


def _harmless_read(operations: Sequence[Operation]) -> Operation | None:
    """Return a read that needs no argument, preferably one that shows the credential."""
    fitting = [
        operation
        for operation in operations
        if operation.effect is Effect.READ
        and not operation.contract.unsupported
        and not operation.contract.input_schema.get("required")
    ]
    return min(fitting, key=lambda o: (not o.contract.security, len(o.route)), default=None)


def _judge(
    name: str, operations: Sequence[Operation], probe: Operation, outcome: Outcome
) -> Finding:
    """Tell an API that answered from one that did not: a refused argument is an answer too."""
    problem = outcome.problem
    credential = outcome.record.get("credential")
    took = duration(float(cast("float", outcome.record.get("seconds") or 0.0)))
    if problem is None or (problem.code == "api" and problem.fault is Fault.ARGUMENTS):
        shown = f" with {credential}" if credential else " without a credential"
        text = f"{name}: {effects(operations)}; {probe.name} answered{shown} in {took}"
        return Finding(name, ok=True, text=text)
    code = exit_code_of_problem(outcome.status, problem)
    return Finding(name, ok=False, text=f"{name}: {problem_line(problem)}", code=code)


def _show(d: Dragoman, findings: Sequence[Finding], missing: Mapping[str, Sequence[str]]) -> None:
    for finding in findings:
        if finding.ok:
            mark(finding.text)
        elif finding.api in missing:
            for line in missing[finding.api]:
                complain(line)
        else:
            complain(finding.text)
    for name, description in d.parts.descriptions.items():
        for remark in description.findings:
            note(f"  {name}: {remark}")
    if short := d.parts.live.too_short:
        warn(f"too short to be redacted (under 8 characters): {', '.join(short)}")
    _show_pinned(d)
    if d.configuration.settings.model is None:
        warn("no model is chosen: add model: gpt-5.4-mini, or use --model")


def _show_pinned(d: Dragoman) -> None:
    """Say whether changes of descriptions are noticed, and how much waits for a review."""
    described = any(api.openapi for api in d.configuration.settings.apis.values())
    if d.parts.lock is None and described:
        warn("nothing is pinned: a description may change unseen. Pin it: dragoman diff --accept")
    if withheld := d.parts.catalog.withheld:
        warn(waiting(withheld))


def _as_json(finding: Finding) -> dict[str, JsonValue]:
    return {"api": finding.api, "ok": finding.ok, "text": finding.text}
