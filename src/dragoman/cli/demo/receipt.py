"""What the demo came to, counted from the records and not from the script."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from dragoman.app import Dragoman
from dragoman.audit.approvals import ApprovalState
from dragoman.audit.records import CallFilter
from dragoman.cli.demo.apis import SampleApis
from dragoman.cli.demo.stage import Stage, title
from dragoman.cli.terminal import complain, note
from dragoman.secrets.live import LiveValues

__all__ = ["receipt", "secrets_in"]

_MAX = 10_000


async def receipt(stage: Stage, apis: SampleApis) -> bool:
    """Print the counts; return whether no secret was found in what is kept."""
    async with Dragoman(stage.folder / "dragoman.yaml") as d:
        calls = await d.parts.audit.calls(CallFilter(), _MAX)
        approvals = Counter(one.state for one in await d.parts.approvals.list(None))
    questions = len({call.answer_id for call in calls if call.answer_id})
    by_api = Counter(call.api for call in calls)
    yes = approvals[ApprovalState.USED] + approvals[ApprovalState.APPROVED]
    found = await asyncio.to_thread(secrets_in, stage.folder, apis)
    title("Receipt")
    counted = ", ".join(f"{api} {count}" for api, count in sorted(by_api.items()))
    print(f"{questions} questions led to {len(calls)} calls ({counted})")
    print(f"{yes} approved, {approvals[ApprovalState.DENIED]} refused by a person")
    print(f"{len(found)} secrets found in the records, of {len(apis.secrets)} searched for")
    for name in found:
        complain(f"{name} stands in a file of the store")
    note("\nNext, with an API of yours:")
    print("  dragoman init https://api.yours.example/openapi.json")
    print('  dragoman ask "…"')
    return not found


def secrets_in(folder: Path, apis: SampleApis) -> list[str]:
    """Return the names of the secrets that stand in the store, in whatever encoding."""
    contents = [path.read_bytes() for path in folder.glob("*.db*")]
    return [name for name, value in apis.secrets.items() if _stands_in(value, name, contents)]


def _stands_in(value: str, name: str, contents: list[bytes]) -> bool:
    live = LiveValues()
    live.add(value, name)
    return any(live.redact_bytes(content) is not content for content in contents)
