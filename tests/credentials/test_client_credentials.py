from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from schemes import BEARER, OAUTH
from token_server import Asked, MovedClock, TokenServer, slowly, token

from dragoman.clock import Deadline, SystemClock
from dragoman.errors import ConfigurationError, CredentialError, NetworkError
from dragoman.network import origin_of
from dragoman.operation import Credential, Scheme
from dragoman.secrets.remote import Held, RemoteStore

TARGET = "https://shop.example/orders"
SECRET = "c1ient/secret+="
WANTED = (("oauth",),)


def auth(server: TokenServer, **members: Any) -> dict[str, Any]:
    return {
        "oauth": {
            "client_id": "dragoman",
            "client_secret": "${CLIENT_SECRET}",
            "token_url": server.url,
            **members,
        }
    }


def bearer(credential: Credential) -> str:
    [(name, value)] = credential.headers
    assert name == "Authorization"
    return value.removeprefix("Bearer ")


async def failure(make: Any, server: TokenServer) -> CredentialError | NetworkError:
    with pytest.raises((CredentialError, NetworkError)) as caught:
        await make(auth(server), OAUTH).credential(WANTED, TARGET)
    assert SECRET not in str(caught.value)
    return caught.value


async def test_a_token_is_fetched_with_the_client_in_the_header(
    make: Any, server: TokenServer
) -> None:
    credentials = make(auth(server, scopes=["read", "write"], audience="shop"), OAUTH)
    shown = await credentials.credential(WANTED, TARGET)
    assert bearer(shown) == "token-number-1"
    assert shown.label == "oauth ${CLIENT_SECRET}"
    assert server.asked == [
        Asked(
            {"grant_type": "client_credentials", "scope": "read write", "audience": "shop"},
            ("dragoman", SECRET),
        )
    ]


async def test_the_scopes_of_the_description_are_not_asked_for_unless_written(
    make: Any, server: TokenServer
) -> None:
    await make(auth(server), OAUTH).credential(WANTED, TARGET)
    assert server.asked[0].form == {"grant_type": "client_credentials"}


@pytest.mark.parametrize("scheme", [OAUTH, BEARER, Scheme("oidc", "openIdConnect")])
async def test_a_fetched_token_does_for_every_scheme_that_takes_a_bearer(
    make: Any, server: TokenServer, scheme: Scheme
) -> None:
    shown = await make(auth(server), scheme).credential(((scheme.id,),), TARGET)
    assert bearer(shown) == "token-number-1"


async def test_all_parts_may_be_references(make: Any, server: TokenServer) -> None:
    environment = {"ID": "dragoman", "SECRET": SECRET, "URL": server.url, "FOR": "shop"}
    references = {"client_id": "${ID}", "client_secret": "${SECRET}"}
    for more in ({"token_url": server.url}, {"token_url": "${URL}", "audience": "${FOR}"}):
        credentials = make({"oauth": {**references, **more}}, OAUTH, environment=environment)
        assert bearer(await credentials.credential(WANTED, TARGET))
    assert {asked.client for asked in server.asked} == {("dragoman", SECRET)}
    assert server.asked[1].form["audience"] == "shop"


async def test_a_server_that_wants_the_client_in_the_body_gets_it_there(
    make: Any, server: TokenServer, clock: MovedClock
) -> None:
    def answer(asked: Asked) -> web.Response:
        if asked.form.get("client_secret") != SECRET:
            return web.json_response({"error": "invalid_client"}, status=401)
        return token(f"token-number-{len(server.asked)}")

    server.answer = answer
    credentials = make(auth(server), OAUTH)
    assert bearer(await credentials.credential(WANTED, TARGET)) == "token-number-2"
    assert server.asked[1] == Asked(
        {"grant_type": "client_credentials", "client_id": "dragoman", "client_secret": SECRET}, None
    )
    clock.seconds += 3600
    assert bearer(await credentials.credential(WANTED, TARGET)) == "token-number-3"


async def test_a_token_is_kept_until_shortly_before_it_expires(
    make: Any, server: TokenServer, clock: MovedClock
) -> None:
    credentials = make(auth(server), OAUTH)
    for moved, expected in ((0, 1), (3_569, 1), (1, 2), (100, 2)):
        clock.seconds += moved
        assert bearer(await credentials.credential(WANTED, TARGET)) == f"token-number-{expected}"


@pytest.mark.parametrize(
    ("stated", "kept"),
    [(60, 54), ("60", 54), (60.5, 54), (None, 270), ("soon", 270), (-5, 270), (True, 270)],
)
async def test_a_lifetime_is_read_as_servers_write_it(
    make: Any, server: TokenServer, clock: MovedClock, stated: object, kept: int
) -> None:
    server.answer = lambda _: token(f"t-{len(server.asked)}", expires_in=stated)
    credentials = make(auth(server), OAUTH)
    await credentials.credential(WANTED, TARGET)
    clock.seconds += kept - 1
    assert bearer(await credentials.credential(WANTED, TARGET)) == "t-1"
    clock.seconds += 2
    assert bearer(await credentials.credential(WANTED, TARGET)) == "t-2"


async def test_fifty_calls_fetch_one_token(make: Any, server: TokenServer) -> None:
    server.answer = lambda _: slowly(token("the-only-token"))
    credentials = make(auth(server), OAUTH)
    shown = await asyncio.gather(*(credentials.credential(WANTED, TARGET) for _ in range(50)))
    assert {bearer(one) for one in shown} == {"the-only-token"}
    assert len(server.asked) == 1


async def test_a_refused_token_is_fetched_anew_once(make: Any, server: TokenServer) -> None:
    credentials = make(auth(server), OAUTH)
    old = await credentials.credential(WANTED, TARGET)
    renewed = await asyncio.gather(*(credentials.renewed(old, WANTED, TARGET) for _ in range(50)))
    assert {bearer(one) for one in renewed} == {"token-number-2"}
    late = await credentials.renewed(old, WANTED, TARGET)
    assert bearer(late) == "token-number-2"
    assert len(server.asked) == 2


async def test_a_secret_that_is_the_same_is_not_shown_again(make: Any) -> None:
    credentials = make({"bearer": "${SHOP_TOKEN}"}, BEARER)
    wanted = (("bearerAuth",),)
    shown = await credentials.credential(wanted, TARGET)
    assert await credentials.renewed(shown, wanted, TARGET) is None


async def test_a_call_that_is_cancelled_leaves_the_fetch_to_the_next(
    make: Any, server: TokenServer
) -> None:
    server.answer = lambda _: slowly(token("a-token"))
    credentials = make(auth(server), OAUTH)
    first = asyncio.create_task(credentials.credential(WANTED, TARGET))
    second = asyncio.create_task(credentials.credential(WANTED, TARGET))
    await asyncio.sleep(0.01)
    first.cancel()
    assert bearer(await second) == "a-token"


async def test_waiting_for_a_token_ends_with_the_deadline(make: Any, server: TokenServer) -> None:
    async def never(_: Asked) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError

    server.answer = never
    with pytest.raises(NetworkError, match="within the time of the call") as caught:
        await make(auth(server), OAUTH).credential(
            WANTED, TARGET, Deadline.after(0.1, SystemClock())
        )
    assert not caught.value.sent


async def test_the_token_and_the_client_are_redacted(
    make: Any, server: TokenServer, live: Any
) -> None:
    await make(auth(server), OAUTH).credential(WANTED, TARGET)
    assert "token-number-1" not in live.redact("it was token-number-1")
    assert "ZHJhZ29tYW46YzFpZW50" not in live.redact("ZHJhZ29tYW46YzFpZW50JTJGc2VjcmV0JTJCJTNE")


async def test_an_error_says_what_the_standard_says_and_no_more(
    make: Any, server: TokenServer
) -> None:
    server.answer = lambda _: web.json_response(
        {
            "error": "invalid_scope",
            "error_description": "No such\nscope. " + "x" * 500,
            "debug": "stack trace",
        },
        status=400,
    )
    error = await failure(make, server)
    assert isinstance(error, CredentialError)
    assert "answered 400 (invalid_scope: No such scope. xxx" in error.detail
    assert "stack trace" not in error.detail
    assert len(error.detail) < 400
    assert error.hint == "Check scopes (dragoman.yaml:9)."
    assert len(server.asked) == 1


async def test_a_client_that_is_refused_both_ways_is_refused(
    make: Any, server: TokenServer
) -> None:
    server.answer = lambda _: web.json_response({"error": "invalid_client"}, status=401)
    assert "answered 401 (invalid_client)" in (await failure(make, server)).detail
    assert len(server.asked) == 2


async def test_a_client_secret_that_was_rotated_in_its_store_is_read_once_more(
    make: Any, server: TokenServer, clock: MovedClock
) -> None:
    held, reads = "client-secret-1", []

    def fetch(name: str) -> Held:
        reads.append(name)
        return Held({"secret": held})

    def answer(asked: Asked) -> web.Response:
        if asked.client != ("dragoman", "client-secret-2"):
            return web.json_response({"error": "invalid_client"}, status=401)
        return token("a-token-of-2")

    credentials = make(auth(server, client_secret="${aws:login#secret}"), OAUTH)
    credentials._reveal.secrets._stores["aws"] = RemoteStore("aws", fetch, clock)
    server.answer = answer
    with pytest.raises(CredentialError, match="invalid_client"):
        await credentials.credential(WANTED, TARGET)
    held = "client-secret-2"
    reads.clear()
    assert bearer(await credentials.credential(WANTED, TARGET)) == "a-token-of-2"
    assert reads == ["login"]


async def test_a_secret_in_the_server_s_error_is_redacted(make: Any, server: TokenServer) -> None:
    server.answer = lambda _: web.json_response(
        {"error": "invalid_request", "error_description": f"bad secret {SECRET}"}, status=400
    )
    assert "bad secret [" in (await failure(make, server)).detail


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (lambda: web.Response(text="<html>", content_type="text/html"), "text/html"),
        (lambda: web.Response(text="[]", content_type="application/json"), "no JSON object"),
        (lambda: web.json_response({"token": "x"}), "no usable access_token"),
        (lambda: web.json_response({"access_token": 5}), "no usable access_token"),
        (lambda: web.json_response({"access_token": "a\r\nX: y"}), "no usable access_token"),
        (lambda: web.json_response({"access_token": ""}), "no usable access_token"),
        (lambda: token("abcdefgh", token_type="mac"), "a type other than bearer"),
        (lambda: token("abcdefgh", token_type=5), "a type other than bearer"),
        (lambda: web.json_response({"error": "invalid_grant"}), "answered 200 (invalid_grant)"),
        (lambda: web.Response(status=404, text="<html>" * 100), "answered 404."),
        (lambda: web.Response(text="x" * 100_000), "64 KiB"),
        (
            lambda: web.Response(status=307, headers={"Location": "https://evil.example/token"}),
            "https://evil.example/token",
        ),
    ],
)
async def test_an_answer_without_a_token_is_a_credential_error(
    make: Any, server: TokenServer, response: Any, said: str
) -> None:
    server.answer = lambda _: response()
    error = await failure(make, server)
    assert isinstance(error, CredentialError)
    assert said in str(error)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_in_trouble_may_be_asked_again_and_the_api_saw_nothing(
    make: Any, server: TokenServer, status: int
) -> None:
    server.answer = lambda _: web.Response(status=status, text="<html>no</html>")
    error = await failure(make, server)
    assert isinstance(error, NetworkError)
    assert error.retryable
    assert not error.sent


async def test_a_server_that_cannot_be_reached_means_that_the_api_saw_nothing(make: Any) -> None:
    credentials = make(
        {
            "oauth": {
                "client_id": "dragoman",
                "client_secret": "${CLIENT_SECRET}",
                "token_url": "http://127.0.0.1:9/token",
            }
        },
        OAUTH,
    )
    with pytest.raises(NetworkError) as caught:
        await credentials.credential(WANTED, TARGET)
    assert not caught.value.sent


async def test_the_token_address_of_the_description_is_used_where_it_may_be(
    make: Any, server: TokenServer
) -> None:
    scheme = Scheme("oauth", "oauth2", token_url=server.url)
    written = {"oauth": {"client_id": "dragoman", "client_secret": "${CLIENT_SECRET}"}}
    trusted = make(written, scheme, allowed=("https://shop.example", server.url))
    assert bearer(await trusted.credential(WANTED, TARGET)) == "token-number-1"
    with pytest.raises(CredentialError) as caught:
        await make(written, scheme).credential(WANTED, TARGET)
    assert f"is not shown to {'/'.join(server.url.split('/')[:3])}:" in caught.value.detail
    assert caught.value.hint.endswith(f"under auth token_url: {server.url}")
    assert len(server.asked) == 1


def test_two_token_addresses_in_the_description_have_to_be_chosen_from(make: Any) -> None:
    written = {"oauth": {"client_id": "dragoman", "client_secret": "${CLIENT_SECRET}"}}
    other = Scheme("other", "oauth2", token_url="https://other.example/token")
    with pytest.raises(ConfigurationError, match="names none, or more than one"):
        make(written, Scheme("first", "oauth2", token_url="https://a.example/token"), other)


def test_the_secret_is_in_no_repr(make: Any, server: TokenServer) -> None:
    credentials = make(auth(server), OAUTH)
    assert SECRET not in repr(vars(credentials))
    assert origin_of(server.url)
