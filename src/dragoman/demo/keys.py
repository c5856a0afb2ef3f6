"""The credentials of the sample APIs: published, and guarding nothing but sample data.

Each may be set by the environment variable of its name, so that a test or a demo can use values
of its own and search for them afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

__all__ = ["Credentials", "secrets", "variable", "variables"]

_NAMES = ("DEMO_HELPDESK_CLIENT",)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the three APIs accept. The two customer tokens are those of Maria and of Jonas."""

    shop_key: str = "demo-shop-key-5f1c77a0b942"
    customer_token: str = "demo-customer-token-maria-3e8d20"  # noqa: S105 - published on purpose
    other_customer_token: str = "demo-customer-token-jonas-91b6fa"  # noqa: S105 - likewise
    helpdesk_client: str = "demo-helpdesk-client"
    helpdesk_secret: str = "demo-helpdesk-secret-c40be71d66"  # noqa: S105 - likewise
    carrier_key: str = "demo-carrier-key-a7720e9d1f35"

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Credentials:
        """Return the values of the variables that are set, and the defaults for the others."""
        given = os.environ if environ is None else environ
        names = {variable(name): name for name in cls.__dataclass_fields__}
        return cls(**{name: given[key] for key, name in names.items() if given.get(key)})


def variables() -> dict[str, str]:
    """Return the environment variables of all credentials, with their values."""
    return {variable(name): value for name, value in asdict(Credentials.of()).items()}


def secrets() -> dict[str, str]:
    """Return those of `variables` that nobody should see: all but the name of a client."""
    return {name: value for name, value in variables().items() if name not in _NAMES}


def variable(name: str) -> str:
    """Return the environment variable of a credential: `DEMO_SHOP_KEY` of `shop_key`."""
    return f"DEMO_{name.upper()}"
