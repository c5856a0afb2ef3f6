"""Vault and OpenBao through their own client, against a fake that speaks the documented HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import fake_vault
import pytest
from fake_vault import FakeVault
from moved_seconds import MovedSeconds

from dragoman.errors import CredentialError
from dragoman.secrets.live import LiveValues
from dragoman.secrets.reference import parse_template
from dragoman.secrets.secrets import Secrets

pytest.importorskip("hvac", reason="dragoman[vault] is not installed")


class Reading:
    """Secrets that read from one fake, and the clock that decides what is fresh."""

    def __init__(self, vault: FakeVault, **variables: str) -> None:
        self.clock = MovedSeconds()
        self.live = LiveValues()
        given = variables or {"VAULT_TOKEN": "root-token-0001"}
        environment = {"VAULT_ADDR": vault.url, **given}
        self.secrets = Secrets(environment, self.live, Path(), self.clock)

    async def __call__(self, name: str) -> str:
        template = parse_template(f"${{vault:{name}}}")
        return await self.secrets.resolve(template, where="dragoman.yaml:9")


@pytest.fixture
async def vault() -> AsyncIterator[FakeVault]:
    async with fake_vault.running() as fake:
        fake.values = {
            "kv1/shop": {"token": "first-version"},
            "kv2/team/shop": {"token": "second-version", "user": "u"},
        }
        yield fake


async def test_both_versions_of_kv_are_read_by_the_path_of_the_command_line(
    vault: FakeVault,
) -> None:
    read = Reading(vault)
    assert await read("kv1/shop#token") == "first-version"
    assert await read("kv1/shop") == "first-version"
    assert await read("kv2/team/shop#token") == "second-version"
    assert vault.count("GET kv2/data/team/shop") == 1
    assert read.live.redact("it is second-version") == "it is [kv2/team/shop#token]"


async def test_our_own_token_is_redacted_too(vault: FakeVault) -> None:
    read = Reading(vault)
    await read("kv1/shop")
    assert read.live.redact("root-token-0001") == "[VAULT_TOKEN]"


async def test_a_path_that_is_not_there_says_how_paths_are_written(vault: FakeVault) -> None:
    read = Reading(vault)
    for path in ("kv2/nothing", "kv2/data/team/shop", "kv1/nothing"):
        with pytest.raises(CredentialError) as refused:
            await read(f"{path}#token")
        assert str(refused.value) == (
            f"{path}#token is not set (dragoman.yaml:9). "
            "Write the path as for `vault kv get`, without data/."
        )


async def test_approle_logs_in_once_and_again_when_its_token_is_revoked(vault: FakeVault) -> None:
    read = Reading(vault, VAULT_ROLE_ID="shop", VAULT_SECRET_ID="secret-id-0001")
    assert await read("kv1/shop") == "first-version"
    assert await read("kv2/team/shop#user") == "u"
    assert vault.count("POST auth/approle/login") == 1
    (token,) = vault.tokens.keys() - {"root-token-0001"}
    assert token not in read.live.redact(f"X-Vault-Token: {token}")
    del vault.tokens[token]
    read.clock.passed += 61
    assert await read("kv1/shop") == "first-version"
    assert vault.count("POST auth/approle/login") == 2


async def test_a_token_is_renewed_before_it_ends(vault: FakeVault) -> None:
    vault.tokens["short-lived-token"] = 90
    read = Reading(vault, VAULT_TOKEN="short-lived-token")
    await read("kv1/shop")
    assert vault.count("POST auth/token/renew-self") == 0
    read.clock.passed += 61
    await read("kv1/shop")
    assert vault.count("POST auth/token/renew-self") == 1


async def test_a_lease_is_renewed_and_another_secret_read_when_it_has_ended(
    vault: FakeVault,
) -> None:
    read = Reading(vault)
    assert await read("database/creds/app#password") == "lent-password-1"
    read.clock.passed += 41
    assert await read("database/creds/app#password") == "lent-password-1"
    assert vault.count("PUT sys/leases/renew") + vault.count("POST sys/leases/renew") == 1
    vault.revoked.add("database/creds/app/1")
    read.clock.passed += 41
    assert await read("database/creds/app#password") == "lent-password-2"


@pytest.mark.parametrize(
    ("variables", "status", "told"),
    [
        ({"VAULT_TOKEN": "wrong-token-0001"}, None, "Vault says Forbidden"),
        ({"VAULT_TOKEN": "root-token-0001"}, 503, "Vault says VaultDown"),
        (
            {"VAULT_ROLE_ID": "shop", "VAULT_SECRET_ID": "wrong-id-0001"},
            None,
            "Vault says InvalidRequest",
        ),
        ({"VAULT_NAMESPACE": "team"}, None, "neither VAULT_TOKEN nor VAULT_ROLE_ID is set"),
    ],
)
async def test_a_refusal_names_the_reference_its_place_and_no_value(
    vault: FakeVault, variables: dict[str, str], status: int | None, told: str
) -> None:
    vault.status = status
    with pytest.raises(CredentialError) as refused:
        await Reading(vault, **variables)("kv1/shop#token")
    assert str(refused.value).startswith(
        f"vault:kv1/shop cannot be read: {told} (dragoman.yaml:9)."
    )
    assert "0001" not in str(refused.value)


async def test_a_vault_that_is_not_there_is_told(vault: FakeVault) -> None:
    vault.url = "http://127.0.0.1:9"
    with pytest.raises(CredentialError, match="Vault does not answer"):
        await Reading(vault)("kv1/shop")
    vault.url = ""
    with pytest.raises(CredentialError, match="VAULT_ADDR is not set"):
        await Reading(vault)("kv1/shop")
