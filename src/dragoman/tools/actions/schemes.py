"""Security schemes of an API as the GPT editor takes them, and the fields to fill in for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dragoman.config.auth import AuthValue, BasicAuth, OAuthAuth
from dragoman.operation import WHOLE_AUTH, Scheme
from dragoman.tools.actions.check import Node
from dragoman.tools.actions.checks import check_named

__all__ = ["Schemes", "fields_of"]

_BASIC = Scheme("basic", "http", scheme="basic")
_BEARER = Scheme("bearer", "http", scheme="bearer")


@dataclass(frozen=True, slots=True)
class Schemes:
    """The schemes of one API: of its description, and what the owner wrote under `auth`."""

    declared: Mapping[str, Scheme]
    auth: Mapping[str, AuthValue]

    def best(self, wanted: Iterable[tuple[tuple[str, ...], ...]], origin: str) -> str | None:
        """Return the scheme that opens most operations at an origin by itself.

        One that passes the checks of the editor comes first, then one that the owner has.
        """
        counts = Counter(
            names[0]
            for alternatives in wanted
            if () not in alternatives
            for names in dict.fromkeys(alternatives)
            if len(names) == 1 and self._known(names[0]) is not None
        )

        def rank(name: str) -> tuple[bool, int, bool]:
            return self._is_usable(name, origin), counts[name], name in self.auth

        return max(counts, key=rank, default=None)

    def described(self, name: str) -> Node:
        """Return the Security Scheme Object of a scheme (OpenAPI 3.1.1, 4.8.27)."""
        scheme = self._known(name)
        if scheme is None:
            return {}
        match scheme.kind:
            case "apiKey":
                return {"type": "apiKey", "in": scheme.place, "name": scheme.name}
            case "http":
                return {"type": "http", "scheme": scheme.scheme.lower()}
            case "oauth2" if scheme.authorization_url:
                flow = {
                    "authorizationUrl": scheme.authorization_url,
                    "tokenUrl": scheme.code_token_url,
                    "scopes": dict.fromkeys(scheme.scopes, ""),
                }
                return {"type": "oauth2", "flows": {"authorizationCode": flow}}
            case _:
                return {"type": scheme.kind}

    def _is_usable(self, name: str, origin: str) -> bool:
        described = {"securitySchemes": {name: self.described(name)}}
        document = {"servers": [{"url": origin}], "components": described}
        checks = ("auth-type", "oauth-fields", "oauth-domain")
        return not any(breach for one in checks for breach in check_named(one).breaches(document))

    def _known(self, name: str) -> Scheme | None:
        return self._of_owner() if name == WHOLE_AUTH else self.declared.get(name)

    def _of_owner(self) -> Scheme | None:
        """Return what the owner wrote under `auth`, where it is one credential."""
        if len(self.auth) != 1:
            return None
        ((key, value),) = self.auth.items()
        if key in self.declared:
            return self.declared[key]
        if isinstance(value, Mapping):
            places = {"header": "header", "query": "query", "cookie": "cookie"}
            if key in places and len(value) == 1:
                return Scheme(key, "apiKey", place=places[key], name=next(iter(value)))  # type: ignore[arg-type]
            return None
        if isinstance(value, BasicAuth):
            return _BASIC
        if isinstance(value, OAuthAuth):
            return Scheme(
                key,
                "oauth2",
                authorization_url=value.authorization_url or "",
                code_token_url=value.token_url or "",
                scopes=tuple(value.scopes),
            )
        return _BEARER if key == "bearer" else None


def fields_of(scheme: Node, whose: str) -> tuple[tuple[str, str], ...]:
    """Return the fields of the editor's authentication form, and what to put into each.

    `whose` says where the key comes from.
    """
    kind, how = scheme.get("type"), scheme.get("scheme")
    if kind == "oauth2":
        flow = scheme["flows"]["authorizationCode"]
        return (
            ("Authentication type", "OAuth"),
            ("Client ID", "of your application at the API"),
            ("Client secret", "of your application at the API"),
            ("Authorization URL", flow["authorizationUrl"]),
            ("Token URL", flow["tokenUrl"]),
            ("Scope", " ".join(flow["scopes"])),
            ("Callback URL", "shown after saving: register it at the API; it changes with edits"),
        )
    if not kind:
        return (("Authentication type", "None"),)
    fields = (("Authentication type", "API key"), ("API key", whose))
    if kind == "apiKey":
        return (*fields, ("Auth type", "Custom"), ("Custom header name", str(scheme["name"])))
    return (*fields, ("Auth type", str(how).capitalize()))
