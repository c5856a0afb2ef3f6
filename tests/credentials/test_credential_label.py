"""What would be shown is told by its label, without resolving anything."""

from __future__ import annotations

from typing import Any

from schemes import BEARER, HEADER_KEY, OAUTH

from dragoman.operation import WHOLE_AUTH

UNSET: dict[str, str] = {}


def test_a_label_needs_no_secret(make: Any) -> None:
    credentials = make({"bearer": "${SHOP_TOKEN}"}, BEARER, environment=UNSET)
    assert credentials.label((("bearerAuth",),)) == "bearer ${SHOP_TOKEN}"


def test_several_that_go_together_are_all_named(make: Any) -> None:
    auth = {"header": {"X-Key": "${SHOP_KEY}"}, "bearer": "${SHOP_TOKEN}"}
    label = make(auth, environment=UNSET).label(((WHOLE_AUTH,),))
    assert label == "header X-Key ${SHOP_KEY}, bearer ${SHOP_TOKEN}"


def test_a_token_that_would_be_fetched_is_named_by_its_secret(make: Any) -> None:
    auth = {"oauth": {"client_id": "me", "client_secret": "${CLIENT_SECRET}"}}
    assert make(auth, OAUTH, environment=UNSET).label((("oauth",),)) == "oauth ${CLIENT_SECRET}"


def test_where_nothing_would_be_shown_the_label_is_empty(make: Any) -> None:
    credentials = make({"bearer": "${SHOP_TOKEN}"}, BEARER, HEADER_KEY)
    assert credentials.label(()) == ""
    assert credentials.label(((),)) == ""
    assert credentials.label((("ApiKey",),)) == ""
