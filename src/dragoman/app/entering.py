"""Who comes in: a key of ours, or a token of the owner's identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dragoman.access.identity import Identity, IdentityProvider
from dragoman.access.keys import PREFIX
from dragoman.errors import AuthenticationError
from dragoman.operation import OWNER

if TYPE_CHECKING:
    from dragoman.app.parts import Parts
    from dragoman.clock import Clock
    from dragoman.config.settings import Settings
    from dragoman.network import Network

__all__ = ["authenticate", "identity_provider"]


async def authenticate(parts: Parts, credential: str) -> Identity:
    """Return the caller and, of a token, the end user; raises `AuthenticationError`."""
    if credential.startswith(PREFIX) or parts.identity is None:
        caller = await parts.caller_keys.caller_of(credential)
        if caller != OWNER and caller not in parts.policy.callers:
            # Who is in the file is not for somebody to know who is no longer in it.
            raise AuthenticationError("This key is not valid: its caller is gone.")
        return Identity(caller)
    return await parts.identity.identify(credential)


def identity_provider(
    settings: Settings, network: Network, clock: Clock
) -> IdentityProvider | None:
    """Return the provider of the configuration, where it has one."""
    given = settings.identity
    if given is None:
        return None
    return IdentityProvider(
        issuer=given.issuer,
        audience=given.audience,
        callers={n: caller.claims for n, caller in settings.callers.items() if caller.claims},
        network=network,
        clock=clock,
        jwks_url=given.jwks_url,
        user_claim=given.user_claim,
    )
