"""The network as `network:` of the owner's file has it: its proxy, and whom it trusts."""

from __future__ import annotations

from dragoman.config.load import Configuration
from dragoman.errors import AddressRefusedError, ConfigurationError
from dragoman.network import Network, Proxy, Way, trusting
from dragoman.secrets.reference import Template
from dragoman.secrets.secrets import Secrets

__all__ = ["open_network"]


def open_network(configuration: Configuration, secrets: Secrets) -> Network:
    """Return the network of a configuration; the password of a proxy is read when it is first used.

    Raises `ConfigurationError` for a file of authorities that cannot be read or holds none; so
    does the first exchange for what is no address of a proxy.
    """
    settings, tls = configuration.settings.network, None
    if settings.ca is not None:
        try:
            tls = trusting(configuration.base / settings.ca)
        except OSError as error:
            raise ConfigurationError(
                f"{configuration.where('network', 'ca')}: no certificates can be read from"
                f" {settings.ca}: {error.strerror or 'it holds none in PEM'}."
            ) from None
    written = settings.proxy
    if written is None:
        return Network(tls=tls)

    async def way() -> Way:
        return Way(await _proxy(configuration, written, secrets), tls)

    return Network(way=way)


async def _proxy(configuration: Configuration, written: Template | str, secrets: Secrets) -> Proxy:
    where = configuration.where("network", "proxy")
    url = written if isinstance(written, str) else await secrets.resolve(written, where=where)
    try:
        proxy = Proxy.of(url, configuration.settings.network.no_proxy)
    except AddressRefusedError as error:
        raise ConfigurationError(f"{where}: {error.detail}") from None
    if proxy.password:
        secrets.live.add(proxy.password, "network.proxy")
        for _, shown in proxy.headers:  # in base64, together with the user's name
            secrets.live.add(shown.removeprefix("Basic "), "network.proxy")
    return proxy
