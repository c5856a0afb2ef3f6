"""Mail, by the owner's server (RFC 5321, RFC 3207, RFC 8314) with Python's smtplib in a thread."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from dragoman.events.message import Message
from dragoman.events.post import UndeliveredError

__all__ = ["Mail"]

_SECONDS = 10.0
"""For one step of the conversation."""

_ALL_SECONDS = 30.0
_PORTS = {"smtp": 587, "smtps": 465}
_ITSELF = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Mail:
    """People who are told by mail.

    `server` is `smtp://user:password@host:port` (STARTTLS) or `smtps://` (TLS at once). Nothing
    goes out in the clear, but to a server on this machine that wants no password. `authorities`
    is a file of certificates that are trusted beside those of the system.
    """

    server: Callable[[], Awaitable[str]] = field(repr=False)
    sender: str
    recipients: Sequence[str]
    authorities: str | None = None

    async def send(self, message: Message) -> None:
        """Send it to all; raises `UndeliveredError`."""
        server = _Server.of(await self.server())
        context = ssl.create_default_context()
        if self.authorities is not None:
            context.load_verify_locations(self.authorities)
        client = _client(server, context)
        mail = self._mail(message)
        work = asyncio.ensure_future(asyncio.to_thread(_deliver, client, server, context, mail))
        try:
            await asyncio.wait_for(asyncio.shield(work), _ALL_SECONDS)
        except TimeoutError:
            raise UndeliveredError("The mail server took too long.") from None
        finally:
            # It wakes the thread, which may be reading what a slow server never ends to say.
            if not work.done() and client.sock is not None:
                with suppress(OSError):
                    client.sock.shutdown(socket.SHUT_RDWR)
            work.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _mail(self, message: Message) -> EmailMessage:
        """Return plain text; a header with a line of its own cannot be made (RFC 5322, 2.2)."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.recipients)
        mail["Subject"] = message.title
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{message.id}@dragoman>"  # the same again where it is sent again
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice comes back
        lines = [message.title, "", *message.lines]
        if message.link:
            lines += ["", "Look at it, and answer. This link is for you alone:", message.link]
        if message.address:
            lines += ["", f"Sign in to answer: {message.address}"]
        mail.set_content("\n".join(lines) + "\n")
        return mail


@dataclass(frozen=True, slots=True)
class _Server:
    scheme: str
    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)

    @classmethod
    def of(cls, address: str) -> _Server:
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise UndeliveredError("smtp is no address: smtp://user:password@host:587")
        return cls(
            parts.scheme,
            parts.hostname,
            port or _PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    @property
    def may_be_plain(self) -> bool:
        return self.host in _ITSELF and not self.password


def _client(server: _Server, context: ssl.SSLContext) -> smtplib.SMTP:
    """Return a client that is not connected yet."""
    name = "[127.0.0.1]"  # to look for a name of this machine may take long (RFC 5321, 4.1.3)
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(local_hostname=name, timeout=_SECONDS, context=context)
    return smtplib.SMTP(local_hostname=name, timeout=_SECONDS)


def _deliver(
    client: smtplib.SMTP, server: _Server, context: ssl.SSLContext, mail: EmailMessage
) -> None:
    """Talk to the server; blocking. What it says is not repeated: it may say the password."""
    try:
        # By this name smtplib checks the certificate; it sets it only where it connects at once.
        client._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001
        client.connect(server.host, server.port)
        client.ehlo()
        if server.scheme == "smtp" and not (
            server.may_be_plain and not client.has_extn("starttls")
        ):
            client.starttls(context=context)
            client.ehlo()
        if server.user:
            client.login(server.user, server.password)
        refused = client.send_message(mail)
        client.quit()
    except smtplib.SMTPResponseException as error:
        final = isinstance(error, smtplib.SMTPDataError) and error.smtp_code // 100 == 5
        raise UndeliveredError(
            f"The mail server answered with {error.smtp_code} ({type(error).__name__}).",
            final=final,
        ) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        said = error.strerror if isinstance(error, ConnectionError) else None
        raise UndeliveredError(f"The mail server: {said or type(error).__name__}.") from None
    finally:
        client.close()
    if refused:
        raise UndeliveredError(f"{len(refused)} of the recipients were refused.", final=True)
