"""Secret values are taken out of whatever leaves, in each form in which they may come back."""

from __future__ import annotations

import base64
import html
import json
import threading
from decimal import Decimal
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moved_seconds import MovedSeconds

from dragoman.secrets.forms import forms
from dragoman.secrets.live import LiveValues

TOKEN = "sk/Live+9\"<é>=&'x y%"


@pytest.fixture
def live() -> LiveValues:
    values = LiveValues()
    values.add(TOKEN, "SHOP_TOKEN")
    return values


@pytest.mark.parametrize(
    "form",
    [
        TOKEN,
        quote(TOKEN, safe=""),
        quote(TOKEN),
        quote_plus(TOKEN),
        quote(TOKEN, safe="!*'()"),
        json.dumps(TOKEN)[1:-1],
        json.dumps(TOKEN, ensure_ascii=False)[1:-1],
        json.dumps(TOKEN)[1:-1].replace("/", "\\/"),
        json.dumps(TOKEN)[1:-1].replace("\\u00e9", "\\u00E9"),
        # Go escapes these for HTML, .NET more of them and in capitals.
        json.dumps(TOKEN)[1:-1]
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026"),
        json.dumps(TOKEN)[1:-1]
        .replace('\\"', "\\u0022")
        .replace("\\u00e9", "\\u00E9")
        .replace("<", "\\u003C")
        .replace(">", "\\u003E")
        .replace("&", "\\u0026")
        .replace("'", "\\u0027")
        .replace("+", "\\u002B"),
        html.escape(TOKEN),
        html.escape(TOKEN, quote=False),
        html.escape(TOKEN).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        TOKEN.encode().hex(),
        TOKEN.encode().hex().upper(),
    ],
)
def test_a_value_is_found_in_each_form(live: LiveValues, form: str) -> None:
    assert live.redact(f"before {form} after") == "before [SHOP_TOKEN] after"


def test_hexadecimal_digits_may_be_small_and_the_rest_is_not_touched() -> None:
    live = LiveValues()
    live.add("Ab/Cd=Ef+GH", "T")
    assert live.redact("x=Ab%2fCd%3dEf%2bGH&y") == "x=[T]&y"
    assert live.redact("ab%2fcd%3def%2bgh") == "ab%2fcd%3def%2bgh"


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user:"])
@pytest.mark.parametrize("after", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("url_safe", [False, True])
def test_a_value_is_found_in_the_base64_of_any_text_around_it(
    before: str, after: str, url_safe: bool
) -> None:
    secret = "k?>~ÿ0123456789abcdef??>>"
    live = LiveValues()
    live.add(secret, "T")
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    text = encode(f"{before}{secret}{after}".encode()).decode()
    redacted = live.redact(f"Basic {text}")
    assert "[T]" in redacted
    # At most what a neighbour shares in is left of it, at either end.
    assert len(redacted) < len("Basic [T]") + len(encode(f"{before}{after}".encode())) + 4


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_form_of_a_value_comes_out(secret: str, before: str, after: str) -> None:
    live = LiveValues()
    live.add(secret, "LABEL")
    for form in forms(secret):
        redacted = live.redact(f"{before}{form}{after}")
        assert form not in redacted or form in f"{before}[LABEL]{after}"
        data = f"{before}{form}{after}".encode("utf-8", "surrogatepass")
        assert form.encode("utf-8", "surrogatepass") not in live.redact_bytes(data) or (
            form in f"{before}[LABEL]{after}"
        )


@given(st.lists(st.text(alphabet="abc", min_size=8, max_size=12), max_size=5), st.data())
def test_values_that_overlap_do_not_shield_each_other(secrets: list[str], data) -> None:
    live = LiveValues()
    for secret in secrets:
        live.add(secret, "L")
    text = "".join(data.draw(st.lists(st.sampled_from([*secrets, "a", "b", " "]), max_size=20)))
    redacted = live.redact(text)
    assert not any(secret in redacted for secret in secrets)


def test_of_two_values_the_longer_one_is_named() -> None:
    live = LiveValues()
    live.add("token-0123", "SHORT")
    live.add("token-0123-and-more", "LONG")
    assert live.redact("token-0123-and-more, token-0123") == "[LONG], [SHORT]"


def test_one_value_under_two_names_is_called_by_the_first() -> None:
    live = LiveValues()
    live.add("token-0123", "FIRST")
    live.add("token-0123", "SECOND")
    assert live.redact("token-0123") == "[FIRST]"
    assert repr(live) == "LiveValues(FIRST, SECOND)"


def test_json_is_redacted_throughout_its_names_and_numbers_included(live: LiveValues) -> None:
    live.add("4111111111111111", "CARD")
    value = {
        TOKEN: [{"deep": (f"a {TOKEN}", 5, None, True)}],
        "number": 4111111111111111,
        "price": Decimal("1.10"),
        "sum": Decimal("4111111111111111.5"),
    }
    assert live.redact_json(value) == {
        "[SHOP_TOKEN]": [{"deep": ["a [SHOP_TOKEN]", 5, None, True]}],
        "number": "[CARD]",
        "price": Decimal("1.10"),
        "sum": "[CARD].5",
    }


def test_bytes_that_are_no_text_are_redacted_and_keep_the_rest(live: LiveValues) -> None:
    data = b"\xff\xfe\x00" + TOKEN.encode() + b"\x80"
    assert live.redact_bytes(data) == b"\xff\xfe\x00[SHOP_TOKEN]\x80"
    untouched = b"\xff nothing"
    assert live.redact_bytes(untouched) is untouched


def test_text_with_half_a_character_is_redacted_too(live: LiveValues) -> None:
    assert live.redact(f"\udcff {TOKEN} \ud800") == "\udcff [SHOP_TOKEN] \ud800"


def test_text_without_a_value_is_the_same_object(live: LiveValues) -> None:
    text = "nothing in it"
    assert live.redact(text) is text
    assert LiveValues().redact(text) is text
    value = {"a": 1}
    assert LiveValues().redact_json(value) is value


def test_values_too_short_to_be_searched_for_are_named() -> None:
    live = LiveValues()
    live.add("abc", "PIN")
    assert live.too_short == ("PIN",)
    assert live.redact("abc") == "abc"


def test_what_another_thread_adds_meanwhile_is_not_missed() -> None:
    live = LiveValues()
    missed: list[str] = []

    def work(name: str) -> None:
        for number in range(150):
            secret = f"secret-{name}-{number:04}"
            live.add(secret, name)
            if secret in live.redact(f"x {secret} y"):
                missed.append(secret)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []


def test_printing_the_set_shows_no_value(live: LiveValues) -> None:
    assert "Live+9" not in f"{live!r} {live}"


def test_a_fleeting_value_is_forgotten_two_hours_after_its_last_use_and_others_stay() -> None:
    clock = MovedSeconds()
    live = LiveValues(clock)
    live.add("a-lasting-secret", "SHOP_TOKEN")
    live.add("first-token-of-ana", "token of crm", fleeting=True)
    live.add("second-token-of-bo", "token of crm", fleeting=True)
    clock.passed += 7000
    live.add("second-token-of-bo", "token of crm", fleeting=True)
    clock.passed += 1000
    live.add("third-token-of-eve", "token of crm", fleeting=True)
    text = "first-token-of-ana second-token-of-bo third-token-of-eve a-lasting-secret"
    assert live.redact(text) == "first-token-of-ana [token of crm] [token of crm] [SHOP_TOKEN]"


def test_a_value_that_is_lasting_too_is_never_forgotten() -> None:
    clock = MovedSeconds()
    live = LiveValues(clock)
    live.add("one-value-twice", "SHOP_TOKEN")
    live.add("one-value-twice", "token of crm", fleeting=True)
    live.add("token-then-lasting", "token of crm", fleeting=True)
    live.add("token-then-lasting", "OTHER")
    clock.passed += 10_000
    live.add("another-token-here", "token of crm", fleeting=True)
    assert live.redact("one-value-twice") == "[SHOP_TOKEN]"
    assert live.redact("token-then-lasting") == "[token of crm]"
