"""A small mail server (RFC 5321) on loopback, with TLS, a login, and ways to fail."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import cast

CERTIFICATE = Path(__file__).parent.parent / "network" / "tls" / "api.corp.pem"
PASSWORD = "p@ss:w/rd 1"


@dataclass
class MailServer:
    """What it has taken, and what it was told line by line; `offers` are its extensions.

    `says` are answers in place of its own, by the command; `hangs` is a command that it never
    answers, while it goes on to say something.
    """

    offers: tuple[str, ...] = ("STARTTLS", "AUTH PLAIN")
    says: dict[str, str] = field(default_factory=dict)
    hangs: str = ""
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            self.gone.set()
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        while line := (await reader.readline()).decode():
            command = line.split()[0].upper()
            self.lines.append(line.strip())
            if writer.get_extra_info("ssl_object") is None:
                self.in_clear.append(line.strip())
            if command == self.hangs:
                while True:
                    writer.write(b"250-one moment\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            answer = self.says.get(command) or self._answer(command, line, writer)
            writer.write(f"{answer}\r\n".encode())
            if command == "STARTTLS" and answer.startswith("220"):
                await writer.start_tls(_context())
            elif command == "DATA" and answer.startswith("354"):
                data = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(cast("EmailMessage", message_from_bytes(data[:-3], policy=SMTP)))
                writer.write(b"250 taken\r\n")
            elif command == "QUIT":
                return
            await writer.drain()

    def _answer(self, command: str, line: str, writer: asyncio.StreamWriter) -> str:
        if command == "EHLO":
            secure = writer.get_extra_info("ssl_object") is not None
            offers = [one for one in self.offers if not (secure and one == "STARTTLS")]
            names = ["mail.example", *offers]
            return "\r\n".join(f"250{'-' if n is not names[-1] else ' '}{n}" for n in names)
        if command == "AUTH":
            given = base64.b64decode(line.split()[2]).decode()
            return "235 welcome" if given == f"\0ops\0{PASSWORD}" else f"535 {given} is wrong"
        return {"STARTTLS": "220 go on", "DATA": "354 go on", "QUIT": "221 bye"}.get(
            command, "250 ok"
        )


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


@asynccontextmanager
async def mail_server(*, tls: bool = False, **how: object) -> AsyncIterator[MailServer]:
    """Serve on loopback; with `tls` from the first byte on."""
    state = MailServer(**how)  # type: ignore[arg-type]
    server = await asyncio.start_server(
        state.serve, "127.0.0.1", 0, ssl=_context() if tls else None
    )
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
