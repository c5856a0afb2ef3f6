"""Where the store is, read from what the owner wrote under `store:`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dragoman.errors import ConfigurationError

__all__ = ["Address", "read_address"]

_FORMS = "Use sqlite:///dragoman.db, sqlite:///:memory: or postgresql://user@host/database."
_POSTGRES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class Address:
    """A database: `path` for SQLite (None for one in memory), `url` for PostgreSQL.

    `shown` names it in messages, without user, password, options and a folder of this machine.
    """

    shown: str
    postgres: bool = False
    path: Path | None = None
    url: str = field(default="", repr=False)

    @property
    def password(self) -> str:
        """The password in the address, so that it can be taken out of messages."""
        return unquote(urlsplit(self.url).password or "")


def read_address(url: str, base: Path) -> Address:
    """Read the address of a store; a SQLite path is relative to `base`.

    Raises `ConfigurationError` for what is no store of ours; it never repeats the address, which
    may hold a password.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ConfigurationError(f"store: there is no scheme in the address. {_FORMS}")
    if scheme in _POSTGRES:
        return Address(_shown(url), postgres=True, url=url)
    if scheme != _SQLITE:
        raise ConfigurationError(f"store: '{scheme[:30]}' is no store that works. {_FORMS}")
    if rest in {"", "/", "/:memory:"}:
        return Address("sqlite:///:memory:")
    if not rest.startswith("/"):
        raise ConfigurationError(f"store: a SQLite path follows three slashes. {_FORMS}")
    if "?" in rest or "\0" in rest:
        raise ConfigurationError(f"store: SQLite takes a path and no options. {_FORMS}")
    written = rest.removeprefix("/")
    path = base / written
    return Address(f"sqlite:///{path.name if written.startswith('/') else written}", path=path)


def _shown(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ConfigurationError(f"store: the address cannot be read. {_FORMS}") from None
    return f"postgresql://{parts.hostname or ''}{port}{parts.path}"
