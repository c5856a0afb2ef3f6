"""Callers who come with a token of an identity provider."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dragoman.access.identity import Identity, IdentityProvider
from dragoman.clock import SystemClock
from dragoman.errors import AuthenticationError, NetworkError
from dragoman.network import Network

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(kid: str, private: Any = RSA, algorithm: str = "RS256") -> dict[str, Any]:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    return {**made, "kid": kid, "alg": algorithm, "use": "sig"}


def signed_by_hand(token: str, secret: bytes) -> str:
    """Put an HMAC under a token's claims, with what everybody knows as the secret."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').rstrip(b"=").decode()
    text = f"{head}.{token.split('.')[1]}"
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


class Seconds(SystemClock):
    passed = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.passed


class Issuer:
    """An issuer on loopback: it counts how often its keys were asked for."""

    def __init__(self) -> None:
        self.url = ""
        self.keys: Any = [jwk("k1")]
        self.asked = 0
        self.status = 200

    async def configuration(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": self.url, "jwks_uri": f"{self.url}/jwks"})

    async def jwks(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"keys": self.keys}, status=self.status)

    def token(
        self, key: Any = RSA, kid: str | None = "k1", algorithm: str = "RS256", **change: Any
    ) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": "dragoman",
            "sub": "u_7",
            "iat": now,
            "exp": now + 300,
            "groups": ["support", "staff"],
            **change,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer, app = Issuer(), web.Application()
    app.router.add_get("/.well-known/openid-configuration", issuer.configuration)
    app.router.add_get("/jwks", issuer.jwks)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield issuer
    await runner.cleanup()


@pytest.fixture
async def provider(issuer: Issuer) -> AsyncIterator[IdentityProvider]:
    async with AsyncExitStack() as stack:
        yield IdentityProvider(
            issuer=issuer.url,
            audience=["dragoman"],
            callers={
                "admins": {"groups": "admins"},
                "support": {"groups": "support"},
                "readers": {"scope": "orders.read", "verified": "true"},
            },
            network=await stack.enter_async_context(Network()),
            clock=Seconds(),
        )


async def test_a_token_says_which_caller_it_is_and_for_whom(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    assert await provider.identify(issuer.token()) == Identity("support", "u_7")
    both = issuer.token(groups=["support", "admins"], sub="u_8")
    assert await provider.identify(both) == Identity("admins", "u_8")
    scoped = issuer.token(groups=None, scope="openid orders.read", verified=True)
    assert await provider.identify(scoped) == Identity("readers", "u_7")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"exp": int(time.time()) - 120}, "has expired"),
        ({"nbf": int(time.time()) + 600}, "not valid yet: do the clocks differ"),
        ({"iat": int(time.time()) + 600}, "not valid yet: do the clocks differ"),
        ({"aud": "another"}, "another audience"),
        ({"aud": None}, "lacks a claim"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"exp": None}, "lacks a claim"),
        ({"sub": None}, "lacks a claim"),
        ({"sub": 7}, "is no text"),
        ({"sub": ""}, "is no text"),
        ({"groups": ["visitors"]}, "nobody that the configuration knows"),
        ({"groups": {"support": True}}, "nobody that the configuration knows"),
        ({"groups": None, "scope": "orders.read"}, "nobody that the configuration knows"),
    ],
)
async def test_what_is_not_for_us_or_not_now_or_of_nobody_is_refused(
    provider: IdentityProvider, issuer: Issuer, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(AuthenticationError, match=told):
        await provider.identify(issuer.token(**change))


async def test_a_clock_that_is_half_a_minute_off_is_no_reason(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    now = int(time.time())
    assert await provider.identify(issuer.token(iat=now + 30, exp=now - 30))


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(10, "not valid yet: do the clocks differ"), (-10, "The token has expired")],
)
async def test_a_token_of_an_issuer_whose_clock_is_ten_minutes_off_is_refused(
    provider: IdentityProvider, issuer: Issuer, minutes: int, told: str
) -> None:
    theirs = int(time.time()) + 60 * minutes
    with pytest.raises(AuthenticationError, match=told):
        await provider.identify(issuer.token(iat=theirs, nbf=theirs, exp=theirs + 300))


async def test_signatures_that_are_none_or_of_others_are_refused(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = [
        issuer.token(key=STRANGER),
        issuer.token(key="", algorithm="none"),
        signed_by_hand(issuer.token(), json.dumps(jwk("k1")).encode()),
        signed_by_hand(issuer.token(), pem),
        issuer.token()[:-6] + "AAAAAA",
        issuer.token().replace(".", "..", 1),
        "",
        "a.b.c",
        "x" * 20_000,
        "\ud800.\ud800.\ud800",
    ]
    for token in forged:
        with pytest.raises(AuthenticationError):
            await provider.identify(token)


async def test_a_shared_secret_among_the_keys_is_of_no_use(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    secret = b"secret-" * 6
    known = base64.urlsafe_b64encode(secret).decode()
    issuer.keys = [{"kty": "oct", "k": known, "kid": "k1"}]
    token = issuer.token(key=secret, algorithm="HS256")
    with pytest.raises(AuthenticationError, match="not accepted"):
        await provider.identify(token)


async def test_keys_of_other_kinds_work(provider: IdentityProvider, issuer: Issuer) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    edwards = ed25519.Ed25519PrivateKey.generate()
    issuer.keys = [jwk("e", curve, "ES256"), jwk("d", edwards, "EdDSA"), {"kty": "odd"}, "no key"]
    for key, kid, algorithm in ((curve, "e", "ES256"), (edwards, "d", "EdDSA")):
        assert await provider.identify(issuer.token(key, kid, algorithm))


async def test_keys_are_fetched_once_and_again_for_a_new_one(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    await asyncio.gather(*(provider.identify(issuer.token()) for _ in range(20)))
    assert issuer.asked == 1
    issuer.keys = [jwk("k2", STRANGER)]
    with pytest.raises(AuthenticationError, match="does not name"):
        await provider.identify(issuer.token(STRANGER, "k2"))
    assert issuer.asked == 1, "an unknown key is looked for once a minute at most"
    provider.clock.passed = 61.0
    assert await provider.identify(issuer.token(STRANGER, "k2"))
    with pytest.raises(AuthenticationError, match="does not name"):
        await provider.identify(issuer.token())


async def test_an_issuer_that_is_down_later_does_not_keep_anyone_out(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    await provider.identify(issuer.token())
    issuer.status = 503
    provider.clock.passed = 3601.0
    assert await provider.identify(issuer.token())


async def test_an_issuer_that_is_down_at_the_start_is_told(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    issuer.status = 503
    with pytest.raises(NetworkError, match="answered 503"):
        await provider.identify(issuer.token())
    issuer.status, issuer.keys = 200, "none"
    provider.clock.passed = 6.0
    with pytest.raises(NetworkError, match="no usable keys"):
        await provider.identify(issuer.token())


async def test_a_word_of_a_title_is_no_claim(provider: IdentityProvider, issuer: Issuer) -> None:
    provider.callers = {"admins": {"title": "admin"}, "readers": {"scp": "read"}}
    with pytest.raises(AuthenticationError, match="nobody that the configuration knows"):
        await provider.identify(issuer.token(title="assistant to the admin"))
    assert (await provider.identify(issuer.token(scp="read write"))).caller == "readers"


@pytest.mark.parametrize("keys", [{"k1": 1}, 7, True])
async def test_keys_that_are_no_list_are_told(
    provider: IdentityProvider, issuer: Issuer, keys: Any
) -> None:
    issuer.keys = keys
    with pytest.raises(NetworkError, match="no usable keys"):
        await provider.identify(issuer.token())


async def test_what_a_token_calls_critical_and_we_do_not_know_refuses_it(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    headers = {"kid": "k1", "crit": ["x"], "x": 1}
    with pytest.raises(AuthenticationError):
        await provider.identify(jwt.encode(claims, RSA, algorithm="RS256", headers=headers))


async def test_an_issuer_that_is_down_is_not_asked_for_each_token_that_comes(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    issuer.status = 503
    tokens = [provider.identify(issuer.token()) for _ in range(10)]
    refused = await asyncio.gather(*tokens, return_exceptions=True)
    assert {type(one) for one in refused} == {NetworkError}
    assert issuer.asked == 1
    issuer.status, provider.clock.passed = 200, 6.0
    assert await provider.identify(issuer.token())


async def test_what_another_issuer_says_of_itself_is_not_taken(
    provider: IdentityProvider, issuer: Issuer
) -> None:
    provider.issuer = issuer.url + "/"
    with pytest.raises(NetworkError, match="is of the issuer"):
        await provider.identify(issuer.token(iss=issuer.url + "/"))
