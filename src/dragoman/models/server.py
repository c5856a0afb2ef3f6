"""Where a model is asked, and whether that is OpenAI itself."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from dragoman.errors import ConfigurationError

__all__ = ["Server"]

_OPENAI = "api.openai.com"


@dataclass(frozen=True, slots=True)
class Server:
    """One server of models. `host` carries the port where one was typed, as errors name it."""

    base_url: str
    host: str
    is_openai: bool

    @classmethod
    def of(cls, base_url: str | None) -> Server:
        """Return the server at an address, or OpenAI's; raises `ConfigurationError`.

        OpenAI's own are `https://api.openai.com` and the hosts below it by which it keeps data in
        one region (`https://eu.api.openai.com`). What `OPENAI_BASE_URL` says does not count: the
        file says where the key goes.
        """
        if base_url is None:
            return cls(f"https://{_OPENAI}/v1", _OPENAI, is_openai=True)
        try:
            parts = urlsplit(base_url)
            port = parts.port
        except ValueError:
            raise _unusable("is not an address") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise _unusable("must begin with http:// or https://")
        if parts.username is not None or parts.query or parts.fragment:
            raise _unusable("may hold no user name, '?' or '#': the key belongs under api_key")
        own = parts.hostname == _OPENAI or parts.hostname.endswith(f".{_OPENAI}")
        is_openai = own and parts.scheme == "https" and port in {None, 443}
        path = parts.path.rstrip("/") or ("/v1" if is_openai else "")
        return cls(f"{parts.scheme}://{parts.netloc}{path}", parts.netloc, is_openai=is_openai)

    @property
    def has_list_prices(self) -> bool:
        """Whether what a reply costs is known: regional hosts charge more than the list says."""
        return self.is_openai and urlsplit(self.base_url).hostname == _OPENAI


def _unusable(reason: str) -> ConfigurationError:
    return ConfigurationError(f"model: base_url {reason}. Write it as http://localhost:11434/v1")
