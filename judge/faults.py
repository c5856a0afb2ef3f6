"""The table of faults: `python -m judge faults` meets them all, and writes `docs/faults.md`."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import sys
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from judge import fault_wiremock
from judge.fault_cases import CASES, SECONDS, Case, Met, meet
from judge.fault_servers import faulty
from judge.fault_states import STATES, State

__all__ = ["met", "page", "run", "states"]

_AT_ONCE = 3
"""More would be kept from ending in time by each other: some of them are a lot of work."""

_HEAD = f"""# Faults, and what a caller gets

Made by `python -m judge faults`, against a server of bytes that does each of them. A read and a
write are called with {SECONDS:g} seconds each. What is checked of every one: that it ends within a
second more, that no more requests arrive than the rules allow, that both calls are on record, and
that the credential is in no outcome, record or file of the store. `unknown` is a write that was
sent, and of which nobody knows whether it happened: it is listed by `dragoman log --status
unknown`, and not sent again by itself.

"""
_COLUMNS = "| fault | a read gets | a write gets | took | reads sent | writes sent |"
_MORE = """
## Around the calls

| what happens | what comes of it | took |
|---|---|--:|
"""


async def met(folder: Path) -> list[Met]:
    """Meet the faults of the wire, a few at once: each has an API and a store of its own."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(case: Case) -> Met:
        async with places:
            return await meet(case, tls if case.tls else plain, folder)

    async with faulty() as plain, faulty(_untrusted(folder)) as tls:
        return list(await asyncio.gather(*map(one, CASES)))


async def states(folder: Path) -> list[State]:
    """Meet what goes wrong around calls, one after another."""
    return [await state(folder) for state in STATES]


async def run(cache: Path, out: Path) -> int:
    """Meet everything, write the page, and say what went wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        faults = [*await met(folder), *await fault_wiremock.met(cache, folder)]
        around = await states(folder)
    text = page(faults, around)
    print(text)
    out.write_text(text, "utf-8")  # noqa: ASYNC240 - nothing runs beside it
    wrong = [(one.case.what, one.faults) for one in faults if one.faults]
    wrong += [(one.what, one.faults) for one in around if one.faults]
    for what, why in wrong:
        print(f"✗ {what}: {'; '.join(why)}", file=sys.stderr)
    return 1 if wrong else 0


def page(faults: list[Met], around: list[State]) -> str:
    """Return the table for people."""
    lines = [_COLUMNS, "|---|---|---|--:|--:|--:|"]
    lines += [
        f"| {one.case.what} | {one.read} | {one.write} | {one.seconds:.1f} s "
        f"| {one.reads} | {one.writes} |"
        for one in faults
    ]
    more = [f"| {one.what} | {one.came} | {one.seconds:.1f} s |" for one in around]
    return _HEAD + "\n".join(lines) + "\n" + _MORE + "\n".join(more) + "\n"


def _untrusted(folder: Path) -> ssl.SSLContext:
    """Return a server's side of TLS with a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "untrusted.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
