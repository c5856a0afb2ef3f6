"""What an API is shown, as the owner writes it under `auth:` or `accounts:`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ValidationInfo, model_validator

from dragoman.config.model import Model, part
from dragoman.config.values import Secret, SecretOrText, Text, TextList, secret_of
from dragoman.secrets.reference import Template

__all__ = ["AuthValue", "BasicAuth", "OAuthAuth"]


class BasicAuth(Model):
    """A user name and password (RFC 7617)."""

    username: SecretOrText
    password: Secret


class OAuthAuth(Model):
    """OAuth 2: client credentials (RFC 6749, 4.4), or a code for each end user (4.1)."""

    client_id: SecretOrText
    client_secret: Secret | None = None
    """A public client, which only `authorization_code` allows, has none."""
    grant: Literal["client_credentials", "authorization_code"] = "client_credentials"
    token_url: Text | None = None
    authorization_url: Text | None = None
    revocation_url: Text | None = None
    """Where tokens are given back (RFC 7009); with `authorization_code`."""
    issuer: Text | None = None
    """What the authorization server calls itself (RFC 9207); with `authorization_code`."""
    scopes: TextList = []
    audience: Text | None = None

    @model_validator(mode="after")
    def _fits_its_grant(self) -> Self:
        by_code = self.grant == "authorization_code"
        if not by_code and self.client_secret is None:
            raise ValueError("client_secret is missing")
        if not by_code and (self.authorization_url or self.issuer or self.revocation_url):
            raise ValueError(
                "authorization_url, revocation_url and issuer go with grant: authorization_code"
            )
        if by_code and self.audience:
            raise ValueError("audience goes with client credentials")
        return self


def _auth_value(value: object, info: ValidationInfo) -> object:
    """Read one entry of `auth:`, by what stands in it."""
    if isinstance(value, Template | BasicAuth | OAuthAuth) or not isinstance(value, dict):
        return secret_of(value) if not isinstance(value, BasicAuth | OAuthAuth) else value
    if "client_id" in value or "client_secret" in value:
        return part(OAuthAuth, value, info)
    if "username" in value or "password" in value:
        return part(BasicAuth, value, info)
    return {str(name): secret_of(one) for name, one in value.items()}


AuthValue = Annotated[
    Template | BasicAuth | OAuthAuth | dict[str, Template],
    BeforeValidator(
        _auth_value, json_schema_input_type=str | BasicAuth | OAuthAuth | dict[str, str]
    ),
]
"""Under `bearer`, `api_key` or a scheme's name a secret; under `basic` and `oauth` their parts;
under `header`, `query` and `cookie` a mapping of names to secrets."""
