from __future__ import annotations

from typing import Any

import pytest
from schemes import BASIC, BEARER, HEADER_KEY, QUERY_KEY, TENANT

from dragoman.errors import AddressRefusedError, CredentialError
from dragoman.operation import WHOLE_AUTH, Credential

TARGET = "https://shop.example/orders"
TOKEN = "tok-9f8e7d6c5b4a"
KEY = "key-1a2b3c4d5e6f"
BEARER_AUTH = {"bearer": "${SHOP_TOKEN}"}


async def test_what_requires_nothing_is_shown_nothing(make: Any) -> None:
    assert await make(BEARER_AUTH, BEARER).credential((), TARGET) == Credential()


async def test_the_first_alternative_that_can_be_satisfied_is_taken(make: Any) -> None:
    credentials = make({"ApiKey": "${SHOP_KEY}", "bearer": "${SHOP_TOKEN}"}, BEARER, HEADER_KEY)
    first = await credentials.credential((("ApiKey",), ("bearerAuth",)), TARGET)
    assert first.headers == (("X-Key", KEY),)
    only = make(BEARER_AUTH, BEARER, HEADER_KEY)
    second = await only.credential((("ApiKey",), ("bearerAuth",)), TARGET)
    assert second.headers == (("Authorization", f"Bearer {TOKEN}"),)


async def test_schemes_that_are_needed_together_are_shown_together(make: Any) -> None:
    auth = {"ApiKey": "${SHOP_KEY}", "Tenant": "${SHOP_USER}"}
    credential = await make(auth, HEADER_KEY, TENANT).credential((("ApiKey", "Tenant"),), TARGET)
    assert credential.headers == (("X-Key", KEY), ("X-Tenant", "dragoman@shop"))


async def test_one_of_two_that_are_needed_together_is_not_enough(make: Any) -> None:
    credentials = make({"ApiKey": "${SHOP_KEY}"}, HEADER_KEY, TENANT)
    with pytest.raises(CredentialError) as caught:
        await credentials.credential((("ApiKey", "Tenant"),), TARGET)
    assert caught.value.detail == (
        "shop wants ApiKey (header X-Key) with Tenant (header X-Tenant); "
        "under auth it has header X-Key ${SHOP_KEY}."
    )


@pytest.mark.parametrize("security", [((), ("bearerAuth",)), (("bearerAuth",), ())])
async def test_an_empty_alternative_is_for_when_no_other_can_be_satisfied(
    make: Any, security: tuple[tuple[str, ...], ...]
) -> None:
    credential = await make(BEARER_AUTH, BEARER).credential(security, TARGET)
    assert credential.headers
    assert await make({}, BEARER).credential(security, TARGET) == Credential()


async def test_an_operation_is_shown_only_what_it_requires(make: Any) -> None:
    auth = {"ApiKey": "${SHOP_KEY}", "bearer": "${SHOP_TOKEN}"}
    credential = await make(auth, BEARER, HEADER_KEY).credential((("ApiKey",),), TARGET)
    assert credential.headers == (("X-Key", KEY),)


async def test_what_the_description_does_not_know_goes_along(make: Any) -> None:
    auth = {"bearer": "${SHOP_TOKEN}", "header": {"X-Shop": "${SHOP_USER}"}}
    credentials = make(auth, BEARER)
    shown = await credentials.credential((("bearerAuth",),), TARGET)
    assert [name for name, _ in shown.headers] == ["Authorization", "X-Shop"]
    assert await credentials.credential((), TARGET) == Credential()


async def test_the_whole_of_auth_may_be_required(make: Any) -> None:
    auth = {"bearer": "${SHOP_TOKEN}", "query": {"shop": "${SHOP_KEY}"}}
    shown = await make(auth).credential(((WHOLE_AUTH,),), TARGET)
    assert shown.headers == (("Authorization", f"Bearer {TOKEN}"),)
    assert shown.query == (("shop", KEY),)
    assert await make({}).credential(((WHOLE_AUTH,),), TARGET) == Credential()


async def test_two_parts_for_one_place_are_never_shown_together(make: Any) -> None:
    auth = {"bearer": "${SHOP_TOKEN}", "basic": {"username": "u", "password": "${SHOP_PASSWORD}"}}
    with pytest.raises(CredentialError, match="in one place"):
        await make(auth, BEARER, BASIC).credential(((WHOLE_AUTH,),), TARGET)


async def test_what_cannot_be_satisfied_says_what_to_write(make: Any) -> None:
    with pytest.raises(CredentialError) as caught:
        await make({}, BEARER, QUERY_KEY).credential((("bearerAuth",), ("QueryKey",)), TARGET)
    assert str(caught.value) == (
        "shop wants bearerAuth (bearer token), or QueryKey (query api_key); "
        'under auth it has nothing. Write auth: {bearerAuth: "${NAME}"} (dragoman.yaml:8).'
    )


async def test_a_scheme_that_is_not_declared_is_named(make: Any) -> None:
    with pytest.raises(CredentialError, match="Ghost, which it does not declare"):
        await make(BEARER_AUTH, BEARER).credential((("Ghost",),), TARGET)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/orders",
        "http://shop.example/orders",
        "https://shop.example:8443/orders",
        "https://shop.example.evil.example/",
    ],
)
async def test_a_credential_goes_only_to_the_origins_of_its_api(make: Any, target: str) -> None:
    with pytest.raises(CredentialError) as caught:
        await make(BEARER_AUTH, BEARER).credential((("bearerAuth",),), target)
    origin = "/".join(target.split("/")[:3])
    assert f"is not shown to {origin}:" in caught.value.detail
    assert f"servers: [{origin}]" in caught.value.hint


async def test_other_spellings_of_the_origin_are_the_origin(make: Any) -> None:
    credentials = make(BEARER_AUTH, BEARER)
    for target in (
        "https://SHOP.example/x",
        "https://shop.example:443/x",
        "https://shop.example./",
    ):
        assert (await credentials.credential((("bearerAuth",),), target)).headers


async def test_an_address_with_a_user_name_is_refused(make: Any) -> None:
    with pytest.raises(AddressRefusedError):
        await make(BEARER_AUTH, BEARER).credential(
            (("bearerAuth",),), "https://shop.example@evil.example/"
        )


async def test_what_requires_nothing_may_go_anywhere(make: Any) -> None:
    assert await make(BEARER_AUTH, BEARER).credential((), "https://evil.example/") == Credential()


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({"bearer": "${EMPTY:-}"}, "the value of ${EMPTY} is empty"),
        ({"bearer": "${BROKEN}"}, "holds a line break or another control character"),
        ({"header": {"X": "${BLANK}"}}, "begins or ends with a blank"),
        ({"cookie": {"X": "${BLANK}"}}, "a cookie cannot hold"),
        ({"cookie": {"X": "a;b${SHOP_KEY}"}}, "a cookie cannot hold"),
        ({"query": {"X": "${EMPTY:-}"}}, "is empty"),
        ({"basic": {"username": "a:b", "password": "${SHOP_KEY}"}}, "holds a colon"),
    ],
)
async def test_a_value_that_cannot_be_sent_is_refused_unprinted(
    make: Any, auth: dict[str, Any], said: str
) -> None:
    with pytest.raises(CredentialError) as caught:
        await make(auth).credential(((WHOLE_AUTH,),), TARGET)
    assert said in str(caught.value)
    assert "abc-def" not in str(caught.value)
    assert "key-1a" not in str(caught.value)


async def test_a_query_may_hold_any_text(make: Any) -> None:
    shown = await make({"query": {"X": "${BROKEN}"}}).credential(((WHOLE_AUTH,),), TARGET)
    assert shown.query[0][1].startswith("abc-def-ghi\r\n")


async def test_a_missing_secret_is_named_when_it_is_needed(make: Any) -> None:
    credentials = make({"bearer": "${NOT_SET_ANYWHERE}"}, environment={})
    assert await credentials.credential((), TARGET) == Credential()
    with pytest.raises(CredentialError, match="NOT_SET_ANYWHERE"):
        await credentials.credential(((WHOLE_AUTH,),), TARGET)


async def test_nothing_prints_a_secret(make: Any) -> None:
    credentials = make({**BEARER_AUTH, "header": {"X-Key": "${SHOP_KEY}"}})
    shown = await credentials.credential(((WHOLE_AUTH,),), TARGET)
    printed = f"{credentials!r} {shown!r} {shown} {vars(credentials)}"
    assert TOKEN not in printed
    assert KEY not in printed


async def test_what_is_made_of_a_password_is_redacted(make: Any, live: Any) -> None:
    auth = {"basic": {"username": "ana", "password": "${SHOP_PASSWORD}"}}
    shown = await make(auth).credential(((WHOLE_AUTH,),), TARGET)
    encoded = shown.headers[0][1].removeprefix("Basic ")
    assert encoded not in live.redact(f"you sent {encoded}")
