from __future__ import annotations

import base64
from typing import Any

import pytest
from schemes import (
    BASIC,
    BEARER,
    COOKIE_KEY,
    DIGEST,
    HEADER_KEY,
    MUTUAL_TLS,
    OAUTH,
    OPEN_ID,
    OTHER,
    QUERY_KEY,
    TENANT,
)

from dragoman.errors import ConfigurationError
from dragoman.operation import WHOLE_AUTH, Credential, Scheme

TARGET = "https://shop.example/orders"
TOKEN = "tok-9f8e7d6c5b4a"
KEY = "key-1a2b3c4d5e6f"


async def shown(make: Any, auth: dict[str, Any], *schemes: Scheme) -> Credential:
    wanted = schemes[0].id if schemes else WHOLE_AUTH
    return await make(auth, *schemes).credential(((wanted,),), TARGET)


@pytest.mark.parametrize(
    ("auth", "scheme"),
    [
        ({"bearer": "${SHOP_TOKEN}"}, BEARER),
        ({"bearerAuth": "${SHOP_TOKEN}"}, BEARER),
        ({"bearer": "${SHOP_TOKEN}"}, OAUTH),
        ({"oauth": "${SHOP_TOKEN}"}, OAUTH),
        ({"bearer": "${SHOP_TOKEN}"}, OPEN_ID),
        ({"oidc": "${SHOP_TOKEN}"}, OPEN_ID),
        ({"bearer": "${SHOP_TOKEN}"}, Scheme("k8s", "apiKey", "header", "authorization")),
    ],
)
async def test_a_token_is_shown_as_bearer(make: Any, auth: dict[str, Any], scheme: Scheme) -> None:
    credential = await shown(make, auth, scheme)
    assert credential.headers == (("Authorization", f"Bearer {TOKEN}"),)
    assert credential.label == "bearer ${SHOP_TOKEN}"


@pytest.mark.parametrize(
    ("auth", "scheme"),
    [
        ({"api_key": "${SHOP_KEY}"}, HEADER_KEY),
        ({"ApiKey": "${SHOP_KEY}"}, HEADER_KEY),
        ({"header": {"x-key": "${SHOP_KEY}"}}, HEADER_KEY),
    ],
)
async def test_a_key_goes_where_the_description_says(
    make: Any, auth: dict[str, Any], scheme: Scheme
) -> None:
    [(name, value)] = (await shown(make, auth, scheme)).headers
    assert (name.lower(), value) == ("x-key", KEY)


async def test_a_key_in_the_query_or_a_cookie(make: Any) -> None:
    query = await shown(make, {"api_key": "${SHOP_KEY}"}, QUERY_KEY)
    assert (query.headers, query.query, query.cookies) == ((), (("api_key", KEY),), ())
    assert query.label == "query api_key ${SHOP_KEY}"
    cookie = await shown(make, {"cookie": {"sid": "${SHOP_KEY}"}}, COOKIE_KEY)
    assert (cookie.headers, cookie.query, cookie.cookies) == ((), (), (("sid", KEY),))


@pytest.mark.parametrize("key", ["basic", "basicAuth"])
@pytest.mark.parametrize("username", ["${SHOP_USER}", "dragoman@shop"])
async def test_a_user_name_and_password(make: Any, key: str, username: str) -> None:
    auth = {key: {"username": username, "password": "${SHOP_PASSWORD}"}}
    credential = await shown(make, auth, BASIC)
    [(name, value)] = credential.headers
    assert name == "Authorization"
    decoded = base64.b64decode(value.removeprefix("Basic ")).decode("utf-8")
    assert decoded == "dragoman@shop:pa:ss wörd-77"
    assert credential.label == "basic ${SHOP_PASSWORD}"


async def test_text_around_a_reference_is_sent_as_written(make: Any) -> None:
    credential = await shown(make, {"header": {"Authorization": "Token ${SHOP_TOKEN}"}}, BEARER)
    assert credential.headers == (("Authorization", f"Token {TOKEN}"),)
    assert credential.label == "header Authorization Token ${SHOP_TOKEN}"


async def test_another_http_scheme_is_named_before_its_value(make: Any) -> None:
    credential = await shown(make, {"tokenAuth": "${SHOP_TOKEN}"}, OTHER)
    assert credential.headers == (("Authorization", f"token {TOKEN}"),)


async def test_without_any_description_all_is_shown(make: Any) -> None:
    auth = {"header": {"X-Key": "${SHOP_KEY}"}, "bearer": "${SHOP_TOKEN}"}
    credential = await shown(make, auth)
    assert credential.headers == (("X-Key", KEY), ("Authorization", f"Bearer {TOKEN}"))
    assert credential.label == "header X-Key ${SHOP_KEY}, bearer ${SHOP_TOKEN}"


async def test_the_description_s_name_comes_before_the_type(make: Any) -> None:
    named = Scheme("bearer", "apiKey", "header", "X-Bearer")
    assert (await shown(make, {"bearer": "${SHOP_TOKEN}"}, named)).headers == (("X-Bearer", TOKEN),)
    placed = Scheme("header", "http", scheme="bearer")
    credential = await shown(make, {"header": {"Authorization": "${SHOP_TOKEN}"}}, placed)
    assert credential.headers == (("Authorization", TOKEN),)


async def test_the_nearest_kind_does_for_a_scheme(make: Any) -> None:
    auth = {
        "bearer": "${SHOP_TOKEN}",
        "header": {"X-Key": "${SHOP_KEY}"},
        "basic": {"username": "ana", "password": "${SHOP_PASSWORD}"},
    }
    credentials = make(auth, BEARER, BASIC, HEADER_KEY)
    basic = await credentials.credential((("basicAuth",),), TARGET)
    assert basic.headers[0][1].startswith("Basic ")
    key = await credentials.credential((("ApiKey",),), TARGET)
    assert key.headers == (("X-Key", KEY),)


def faults(make: Any, auth: dict[str, Any], *schemes: Scheme) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        make(auth, *schemes)
    return caught.value.messages


@pytest.mark.parametrize(
    ("auth", "schemes", "said"),
    [
        ({"bearerAuht": "${T}"}, [BEARER], "Did you mean bearerAuth?"),
        ({"Bearer": "${T}"}, [], "Did you mean bearer?"),
        ({"bearer": "${T}"}, [HEADER_KEY], "Its description has: ApiKey (header X-Key)."),
        ({"basic": {"username": "u", "password": "${T}"}}, [BEARER], "bearerAuth (bearer token)"),
        ({"bearer": "Bearer ${T}"}, [BEARER], "repeats the word Bearer"),
        ({"bearer": {"X": "${T}"}}, [BEARER], 'write one secret: "${NAME}"'),
        ({"basic": "${T}"}, [BASIC], "write {username: …, password:"),
        ({"header": "${T}"}, [], "needs names"),
        ({"header": {}}, [], "needs names"),
        ({"header": {"X Key": "${T}"}}, [], "'X Key', which is no name of a header"),
        ({"header": {"X-Key\r\nX": "${T}"}}, [], "which is no name of a header"),
        ({"header": {"Host": "${T}"}}, [], "holds Host"),
        ({"header": {"Cookie": "${T}"}}, [], "holds Cookie"),
        ({"cookie": {"a;b": "${T}"}}, [], "which is no name of a cookie"),
        ({"api_key": "${T}"}, [], "declares no security scheme"),
        (
            {"api_key": "${T}"},
            [HEADER_KEY, TENANT],
            "ApiKey (header X-Key), Tenant (header X-Tenant)",
        ),
        ({"api_key": {"a": "${T}"}}, [HEADER_KEY], "write one secret"),
        ({"digestAuth": "${T}"}, [DIGEST], "not supported"),
        ({"mtls": "${T}"}, [MUTUAL_TLS], "client certificate"),
        ({"ApiKey": {"a": "${T}"}}, [HEADER_KEY], 'write "${NAME}"'),
        ({"oauth": {"client_id": "a", "client_secret": "${T}"}}, [], "needs a token_url"),
        ({"oauth": "${T}"}, [], "write {client_id: …, client_secret:"),
    ],
)
def test_misuse_is_an_error_at_start_with_its_line(
    make: Any, auth: dict[str, Any], schemes: list[Scheme], said: str
) -> None:
    [fault] = faults(make, auth, *schemes)
    assert fault.startswith(f"dragoman.yaml:9: auth.{next(iter(auth))} of shop ")
    assert said in fault


def test_all_misuses_are_told_at_once(make: Any) -> None:
    assert len(faults(make, {"nope": "${T}", "basic": "${T}", "header": "${T}"}, BEARER)) == 3


def test_two_parts_for_one_place_are_a_misuse_where_nothing_chooses(make: Any) -> None:
    auth = {"bearer": "${SHOP_TOKEN}", "basic": {"username": "u", "password": "${SHOP_PASSWORD}"}}
    [fault] = faults(make, auth)
    assert "auth.basic and auth.bearer of shop both fill Authorization" in fault
    assert make(auth, BEARER, BASIC)
