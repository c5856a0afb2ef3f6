"""From references to what is shown: values are resolved, checked and given their place."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dragoman.credentials.parts import AUTHORIZATION, Basic, Value
from dragoman.errors import CredentialError
from dragoman.operation import Credential
from dragoman.secrets.reference import Template

if TYPE_CHECKING:
    from dragoman.secrets.secrets import Secrets

__all__ = ["Reveal", "basic_of", "names_of"]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_COOKIE = re.compile(r"[^!#-+\--:<-\[\]-~]")
"""What a cookie's value cannot hold (RFC 6265, 4.1.1)."""


def basic_of(username: str, password: str) -> str:
    """Return user name and password as they stand after `Basic ` (RFC 7617, 2)."""
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def names_of(template: Template) -> str:
    """Return the names in a template, which stand in redacted text for what was made of it."""
    return ", ".join(reference.name for reference in template.references)


@dataclass(frozen=True, slots=True)
class Reveal:
    """Resolves the secrets of one API, and has what is made of them redacted as well."""

    api: str
    secrets: Secrets
    where: Callable[[str], str]

    async def text(self, key: str, value: str | Template) -> str:
        """Return the text itself, or what its references stand for; raises `CredentialError`."""
        if isinstance(value, str):
            return value
        return await self.secrets.resolve(value, where=self.where(key))

    def keep_secret(self, value: str, name: str, *, fleeting: bool = False) -> None:
        """Have a value that was made of secrets, or given for them, redacted everywhere.

        One that is `fleeting` is given anew before long, and forgotten some time after its use.
        """
        self.secrets.live.add(value, name, fleeting=fleeting)

    def forget(self, part: Value | Basic) -> None:
        """Read the secrets of a part anew at the next use: what was shown was refused."""
        templates = [part.template] if isinstance(part, Value) else [part.username, part.password]
        for template in templates:
            if isinstance(template, Template):
                self.secrets.forget(template)

    async def value(self, part: Value) -> Credential:
        """Return a secret in its place; raises `CredentialError` where it cannot stand there."""
        secret = await self.text(part.key, part.template)
        self._check(secret, part)
        pair = ((part.name, f"{part.before}{secret}"),)
        match part.place:
            case "header":
                return Credential(headers=pair, label=part.label)
            case "query":
                return Credential(query=pair, label=part.label)
            case "cookie":
                return Credential(cookies=pair, label=part.label)

    async def basic(self, part: Basic) -> Credential:
        """Return a user name and password in the Authorization header."""
        username = await self.text(part.key, part.username)
        password = await self.text(part.key, part.password)
        if ":" in username:
            raise CredentialError(f"The user name of {part.label} for {self.api} holds a colon.")
        encoded = basic_of(username, password)
        self.keep_secret(encoded, names_of(part.password))
        return Credential(headers=((AUTHORIZATION, f"Basic {encoded}"),), label=part.label)

    def _check(self, secret: str, part: Value) -> None:
        """Refuse what would break out of its place, or is certainly not meant."""
        fault = ""
        if not secret:
            fault = "is empty"
        elif part.place != "query" and _CONTROL.search(secret):
            fault = "holds a line break or another control character"
        elif part.place == "header" and secret != secret.strip():
            fault = "begins or ends with a blank"
        elif part.place == "cookie" and _NO_COOKIE.search(secret):
            fault = "holds a character that a cookie cannot hold"
        if fault:
            raise CredentialError(
                f"{self.api}: the value of {part.template} {fault}: not sent.",
                hint=f"Check how it was stored ({self.where(part.key)}).",
            )
