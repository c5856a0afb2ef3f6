"""`dragoman check`: is my file right — syntax, secrets, each API and its credential."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from dragoman.access.policy import Rules
from dragoman.catalog.arguments import fits_none
from dragoman.cli.call import problem_line
from dragoman.cli.command import CREDENTIALS, FAILED, USAGE, Options, exit_code_of_problem, verb
from dragoman.cli.diff import waiting
from dragoman.cli.draft import effects
from dragoman.cli.terminal import complain, duration, mark, note, print_json, warn
from dragoman.clock import Deadline
from dragoman.errors import CredentialError, Fault
from dragoman.identifiers import new_id
from dragoman.lint.owner import owner_warnings
from dragoman.operation import Call, Effect, JsonObject, JsonValue, Operation, Outcome
from dragoman.secrets.reference import Template

if TYPE_CHECKING:
    from dragoman.app import Dragoman

app = verb("check", "Is my file right: syntax, secrets, each API and its credential.")

__all__ = ["app"]

_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of an API, or one account of it: lines for a person, and the exit code."""

    api: str
    account: str
    ok: bool
    text: str
    code: int = 0

    @property
    def lines(self) -> list[str]:
        """What to show, each line with the name of the API, and of the account if it has some."""
        name = f"{self.api} ({self.account})" if self.account else self.api
        lines = self.text.splitlines()
        return [f"{name}: {line.removeprefix(f'{self.api}: ')}" for line in lines]


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
        wanted = [name for name in apis if api in (None, name)]
        accounts = [(name, one) for name in wanted for one in apis[name].accounts or ("",)]
        findings = await asyncio.gather(*(_check(d, *account) for account in accounts))
        warnings = await asyncio.to_thread(_warnings, d, wanted)
        unread = [] if api else await _unread_by_others(d)
        if json:
            told = [_as_json(finding) for finding in findings]
            print_json({"apis": told, "warnings": [*unread, *warnings]})
        else:
            _show(d, findings)
            for text in unread:
                complain(text)
            for text in warnings:
                warn(text)
    return max([CREDENTIALS if unread else 0, *(finding.code for finding in findings)])


def _warnings(d: Dragoman, apis: Sequence[str]) -> list[str]:
    """Return what descriptions hide, say to the model, or name alike (`dragoman lint` has more)."""
    operations = d.parts.catalog.operations.values()
    return owner_warnings(one for one in operations if one.api in apis)


async def _check(d: Dragoman, name: str, account: str) -> Finding:
    def found(text: str, code: int = 0) -> Finding:
        return Finding(name, account, ok=not code, text=text, code=code)

    fault = d.parts.unavailable.get(name)
    if fault is not None:
        return found(str(fault), FAILED)
    if unread := await _unread_secrets(d, name, account):
        return found("\n".join(unread), CREDENTIALS)
    operations = [o for o in d.parts.catalog.operations.values() if o.api == name]
    settings = d.configuration.settings.apis[name]
    vain = await asyncio.to_thread(fits_none, operations, settings, d.configuration.where)
    if vain:
        return found("\n".join(vain), USAGE)
    probe = await asyncio.to_thread(_harmless_read, d, operations)
    if probe is None:
        why = "no read that needs no argument, end user or approval"
        return found(f"{effects(operations)}; {why}, so it was not called")
    if waits := await _waits_for_people(d, probe, account):
        return found(f"{effects(operations)}; {waits}")
    code, text = _judge(probe, await _read(d, probe, account))
    return found(text if code else f"{effects(operations)}; {text}", code)


async def _unread_secrets(d: Dragoman, name: str, account: str) -> list[str]:
    """Return the complaint about each secret that its store does not give."""
    place = ("apis", name, *(("accounts", account) if account else ("auth",)))
    shown = d.configuration.settings.apis[name].auth_of(account)
    return await _unread(d, {(*place, key): value for key, value in shown.items()})


async def _unread_by_others(d: Dragoman) -> list[str]:
    """The same of those that no API needs: without them nobody is told, and nothing measured."""
    settings = d.configuration.settings
    places: dict[tuple[str, ...], object] = {("telemetry", "headers"): settings.telemetry.headers}
    places |= {("notify", name): one for name, one in settings.notify.items()}
    return await _unread(d, places)


async def _unread(d: Dragoman, places: Mapping[tuple[str, ...], object]) -> list[str]:
    complaints: dict[str, None] = {}
    for place, value in places.items():
        for template in _templates(value):
            try:
                await d.parts.secrets.resolve(template, where=d.configuration.where(*place))
            except CredentialError as error:
                complaints[str(error)] = None
    return list(complaints)


def _templates(value: object) -> list[Template]:
    if isinstance(value, Template):
        return [value]
    if isinstance(value, Mapping):
        return [one for member in value.values() for one in _templates(member)]
    members = vars(value).values() if hasattr(value, "model_fields_set") else ()
    return [one for member in members for one in _templates(member)]


def _harmless_read(d: Dragoman, operations: Sequence[Operation]) -> Operation | None:
    """Return a read that needs nothing, preferably one that shows the credential."""
    fitting = [
        operation
        for operation in operations
        if operation.effect is Effect.READ
        and not operation.contract.unsupported
        and _needs_nothing(operation, d.parts.policy.rules(operation))
    ]
    return min(fitting, key=lambda o: (not o.contract.security, len(o.route)), default=None)


def _needs_nothing(operation: Operation, rules: Rules) -> bool:
    """Whether a call goes out at once, without an argument, an end user or a person's yes."""
    schema = operation.contract.input_schema
    of_user = {name for name, value in rules.fill.items() if value == "caller.user"}
    required = cast("Sequence[str]", schema.get("required", ()))
    properties = cast("JsonObject", schema.get("properties", {}))
    return not (
        of_user & properties.keys()
        or set(required) - rules.fill.keys()
        or rules.may_need_approval(Effect.READ)
        or (rules.owner is not None and rules.owner.needs_user)
    )


async def _waits_for_people(d: Dragoman, probe: Operation, account: str) -> str:
    """Say who can connect, where each end user calls with a token of their own and we have none."""
    credentials = d.parts.routes[probe.api].accounts[account]
    grant = credentials.of_user(probe.contract.security)
    if grant is None:
        return ""
    subjects = await grant.subjects()
    if "" in subjects:
        return ""
    others = f"{len(subjects)} end user{'s have' if len(subjects) > 1 else ' has'} connected"
    more = f" --account {account}" if account else ""
    return (
        f"not called: you have not connected{f' ({others})' if subjects else ''}. To do so: "
        f"dragoman connect {probe.api}{more}, with --user ID for an end user"
    )


async def _read(d: Dragoman, probe: Operation, account: str) -> Outcome:
    """Call an operation as the owner, with one account of its API."""
    path = d.parts.path
    policy = replace(d.parts.policy, owner_accounts={probe.api: account})
    call_id = new_id()
    return await replace(path, identify=replace(path.identify, policy=policy)).run(
        Call(
            id=call_id,
            operation=probe.id,
            arguments={},
            deadline=Deadline.after(_SECONDS, d.parts.clock),
            scope=f"call:{call_id}",
            door="cli",
        )
    )


def _judge(probe: Operation, outcome: Outcome) -> tuple[int, str]:
    """Tell an API that answered from one that did not: a refused argument is an answer too."""
    problem = outcome.problem
    if problem is None or (problem.code == "api" and problem.fault is Fault.ARGUMENTS):
        credential = outcome.record.get("credential")
        shown = f" with {credential}" if credential else " without a credential"
        took = duration(float(cast("float", outcome.record.get("seconds") or 0.0)))
        return 0, f"{probe.name} answered{shown} in {took}"
    return exit_code_of_problem(outcome.status, problem), problem_line(problem)


def _show(d: Dragoman, findings: Sequence[Finding]) -> None:
    for finding in findings:
        for line in finding.lines:
            (mark if finding.ok else complain)(line)
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
    account = {"account": finding.account} if finding.account else {}
    text = "; ".join(finding.lines)
    return {"api": finding.api, **account, "ok": finding.ok, "text": text}
