"""One trial of the kill test: four workers on one store, killed and started till all is done.

It goes in rounds. Within one the workers are started again at once, as a supervisor does it, and
meet the claims of the dead. Between two of them nobody lives, and the next is minutes later by its
clock: the leases are over, the ends that nobody knows are listed and settled, and the same orders
are asked again.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import signal
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from dragoman import Dragoman
from dragoman.operation import Status
from dragoman.store.store import Store
from torture import kill_api
from torture.kill_worker import KEY, POINTS, LaterClock, Work, question, work

__all__ = ["ALL_POINTS", "Trial"]

ALL_POINTS = (
    *POINTS[:2],
    *(kill_api.FIRST_BYTE, kill_api.ALL_SENT, kill_api.ANSWERED),
    *POINTS[2:],
)
"""In the order in which a call comes by them."""

_WORKERS = 4
_APART = timedelta(minutes=5)
_DEADLY = 24
"""Orders of one worker in one round at which it is killed; half as many have no such plan."""

_NEEDED = (
    *("torture.kill_worker", "dragoman.network.wire", "ahocorasick_rs", "aiohttp", "jsonschema_rs"),
    *("cel_expr_python.cel", "google.protobuf.struct_pb2", "google.protobuf.text_format", "orjson"),
    *("prometheus_client", "psycopg", "sqlalchemy.dialects.postgresql", "sqlalchemy.ext.asyncio"),
    *("sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite"),
)
"""Modules that a worker has from its birth, so that it is about its business at once."""

_CLAIMED = "SELECT count(*) AS found FROM claims WHERE state = 'running' AND call LIKE :order"


@dataclass
class _Life:
    """One process, what it was killed at, and for which order."""

    process: ForkServerProcess
    at: str = ""
    order: str = ""


@dataclass
class Trial:
    """Counts what happens; `run` is all of it.

    `store` is an address, `folder` is for files. There are so many `kills` at least, and at each
    point so many as is the `least`.
    """

    store: str
    folder: Path
    kills: int
    least: int
    calls: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    _left: list[dict[str, str]] = field(default_factory=lambda: [{} for _ in range(_WORKERS)])
    _plans: list[dict[str, str]] = field(default_factory=lambda: [{} for _ in range(_WORKERS)])
    _lives: dict[int, _Life] = field(default_factory=dict)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Starting a process asks how the others have ended, which can be told once."""
    _made: int = 0
    _planned: int = 0
    _again_asked: int = 0

    async def run(self) -> dict[str, Any]:
        """Kill so many times, go on until every order is done, and return what was counted."""
        async with AsyncExitStack() as stack:
            watching = Store(self.store, self.folder)
            stack.push_async_callback(watching.aclose)

            async def is_claimed(order: str) -> bool:
                rows = await watching.read(_CLAIMED, {"order": f'%"order_id":"{order}"%'})
                return bool(rows[0]["found"])

            self.api = kill_api.CountingApi(self._end, is_claimed)
            await stack.enter_async_context(self.api.running())
            (self.folder / "refunds.json").write_text(json.dumps(kill_api.DOCUMENT))
            await is_claimed("")  # makes the tables
            later = timedelta()
            while self._wanted() or any(self._left):
                await asyncio.gather(*(self._drive(one, later) for one in range(_WORKERS)))
                later += _APART
                await self._settle(later)
            await self._ask_all_again(later + _APART)
        return self._counted()

    def _configuration(self) -> dict[str, Any]:
        api = {
            "openapi": str(self.folder / "refunds.json"),
            "base_url": self.api.url,
            "require_approval": "never",
        }
        reconcile = {
            "read": "listRefunds",
            "with": {"order_id": "args.order_id"},
            "where": "result.refunds.exists(r, r.order_id == args.order_id)",
        }
        keyed = {**api, "idempotency": {"header": "Idempotency-Key"}}
        plain = {**api, "operations": {"refundOrder": {"reconcile": reconcile}}}
        return {
            "version": 1,
            "store": self.store,
            "key": "${KEY}",
            "apis": {"keyed": keyed, "plain": plain},
        }

    # The workers

    def _wanted(self) -> int:
        """Return how often is still to be killed, so that each point has been hit often enough."""
        missed = sum(max(0, self.least - self.hits[point]) for point in ALL_POINTS)
        return max(self.kills - self.hits.total(), missed)

    def _new_orders(self, worker: int) -> dict[str, str]:
        """Return orders, two of three of them with a point where the worker is to be killed."""
        deadly = min(_DEADLY, -(-self._wanted() // _WORKERS))
        orders = {}
        for number in range(deadly + deadly // 2):
            self._made += 1
            self._planned += number < deadly
            point = ALL_POINTS[self._planned % len(ALL_POINTS)] if number < deadly else ""
            size = "L" if point == kill_api.FIRST_BYTE else "S"
            kind = "k" if self._planned // len(ALL_POINTS) % 2 else "p"
            orders[f"{kind}{worker}-{self._made}{size}"] = point
        return orders

    async def _drive(self, worker: int, later: timedelta) -> None:
        """Start the worker again and again, until each of its orders has an answer."""
        plan = self._plans[worker] = {**self._left[worker], **self._new_orders(worker)}
        self._left[worker] = {}
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(_NEEDED))
        loop = asyncio.get_running_loop()
        while plan:
            ours, its = context.Pipe(duplex=False)
            job = Work(self._configuration(), later, dict(plan))
            process = context.Process(target=work, args=(job, its), daemon=True)
            async with self._one_at_a_time:
                await loop.run_in_executor(None, process.start)
            its.close()
            life = self._lives[worker] = _Life(process)
            while (message := await loop.run_in_executor(None, _received, ours)) is not None:
                self._hear(worker, life, message)
            await loop.run_in_executor(None, wait, [process.sentinel])
            async with self._one_at_a_time:
                process.join()
            self._bury(plan, life)

    def _hear(self, worker: int, life: _Life, message: tuple[str, ...]) -> None:
        kind, order, word, *more = message
        if kind == "hit":
            life.at, life.order = life.at or word, life.order or order
            return
        self.calls += 1
        not_hit = self._plans[worker].pop(order)
        if word == "ok":
            self.done.add(order)
        elif word in ("running", "unknown"):
            self._left[worker][order] = not_hit or self._again()
        else:
            self.wrong.append(f"{order} is {word}: {''.join(more)[:200]}")

    def _again(self) -> str:
        """Return where a call that is asked again is killed once more: one of three is."""
        self._again_asked += 1
        is_deadly = self._again_asked % 3 == 0 and self._wanted() > 0
        return ALL_POINTS[self._again_asked // 3 % len(ALL_POINTS)] if is_deadly else ""

    def _bury(self, plan: dict[str, str], life: _Life) -> None:
        ended = life.process.exitcode
        if ended == -signal.SIGKILL and life.at:
            self.calls += 1
            self.hits[life.at] += 1
            plan[life.order] = ""
        elif ended != 0 or plan:
            raise RuntimeError(f"a worker ended with {ended} and {len(plan)} orders left")

    def _end(self, order: str, point: str) -> bool:
        """Kill the worker that asks for an order, where that is its plan. The API calls this."""
        worker = int(order[1])
        life = self._lives.get(worker)
        if life is None or life.at or self._plans[worker].get(order) != point:
            return False
        life.at, life.order = point, order
        life.process.kill()
        return True

    # When all are dead

    async def _settle(self, later: timedelta) -> None:
        """See that each end that nobody knows is listed, and settle those without a key.

        Until they are settled they are not sent again, however often they are asked for.
        """
        async with Dragoman(self._configuration(), environ=KEY, clock=LaterClock(later)) as d:
            listed = {
                str((one.call or {})["arguments"]["order_id"]): one for one in await d.unknown()
            }
            happened = {order for order, count in self.api.done.items() if count}
            missing = happened - self.done - listed.keys()
            self.wrong += [f"{order} happened, is not done, and is not listed" for order in missing]
            self.unknown["listed"] += len(listed)
            for order, claim in listed.items():
                if claim.api == "keyed":
                    self.unknown["to be sent again under their key"] += 1
                    continue
                blind = await d.call(*question(order), idempotency_key=order)
                if blind.status is not Status.UNKNOWN:
                    self.wrong.append(f"{order} is unknown, and asked again is {blind.status}")
                    continue
                found = await d.reconcile(claim.call_id)
                if found.happened is not bool(self.api.done[order]):
                    self.wrong.append(f"{order} is reconciled as {found}")
                self.unknown[f"{'had' if found.happened else 'had not'} happened"] += 1

    async def _ask_all_again(self, later: timedelta) -> None:
        """See that whatever is asked once more is answered, and not done again."""
        before = self.api.done.copy()
        async with Dragoman(self._configuration(), environ=KEY, clock=LaterClock(later)) as d:
            for order in sorted(self.done):
                again = await d.call(*question(order), idempotency_key=order)
                if not again.ok or again.repeated_from is None:
                    self.wrong.append(f"{order} asked again is {again.status}")
            if left := await d.unknown():
                self.wrong.append(f"{len(left)} are still unknown")
        if self.api.done != before:
            self.wrong.append("a repeat was done again")

    def _counted(self) -> dict[str, Any]:
        done = self.api.done
        return {
            "calls": self.calls,
            "cut off in the middle": self.api.cut_off,
            "duplicates": sum(count - 1 for count in done.values() if count > 1),
            "kills": self.hits.total(),
            "kills by point": {point: self.hits[point] for point in ALL_POINTS},
            "lost": sum(not done[order] for order in self.done),
            "orders": len(self.done),
            "requests": self.api.requests,
            "side effects": done.total(),
            "unknown": dict(sorted(self.unknown.items())),
            "without a claim": len(self.api.without_claim),
            "wrong": self.wrong[:20],
        }


def _received(pipe: Connection) -> tuple[str, ...] | None:
    """Return what a worker said, None when it has ended; blocking."""
    try:
        return tuple(pipe.recv())
    except EOFError:
        return None
