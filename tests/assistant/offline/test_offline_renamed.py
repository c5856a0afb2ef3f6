"""The planner knows no word: a shop whose every name is another noun is asked in these nouns."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assistant.offline.offline_asking import DEMO, Asked, demo_operations, tools_of
from dragoman.catalog.index import words_of

NOUNS = """
acorn anchor anvil apricot badger balcony basin beacon bramble bridge bucket cactus candle canyon
canoe carpet castle cedar chapel cherry chimney cinder clover cobble comet copper coral cradle
crater cricket dagger dolphin donkey dragon ember falcon feather fiddle flannel flute forest
fountain galley garnet ginger glacier goblet granite hammer harbour hazel heron hollow hornet
island ivory jasper jungle kernel kettle ladder lagoon lantern lemon lichen lizard lobster magnet
mango mantle maple marble meadow melon meteor mirror mitten monsoon mosaic muslin nectar nettle
nickel nugget oasis oyster paddle panther parrot pebble pepper pigeon pillow piston plateau poplar
prairie puddle quarry quartz rabbit raven ribbon river rocket saddle salmon satchel scarf shovel
silver sparrow spindle spruce squid stallion sulphur sunset tassel temple thicket thimble thunder
timber toffee trumpet tulip tundra turnip turtle urchin valley velvet violin walnut walrus willow
window zephyr
""".split()  # noqa: SIM905 - a list of a hundred lines says no more

MARIA = "maria.keller@example.com"
QUESTIONS = (
    ("Where is order 1042?", ()),
    ("Refund the shipping of order 1042: it is late", ()),
    (f"Which orders did {MARIA} place?", ({"customers": [{"customer_id": "cu-101"}]},)),
    ('How many pieces of "Aurora desk lamp" are in stock?', ({"products": [{"sku": "LAMP-01"}]},)),
    ("What is the price of LAMP-01?", ()),
)
SHOP = json.loads((DEMO / "shop" / "openapi.json").read_text())
_TEXTS = ("summary", "description", "operationId", "name", "title")
_LISTS = ("tags", "enum", "required")


def names_in(node: Any, key: str = "") -> Iterator[str]:
    """Yield the words of all names of operations, paths and properties."""
    if isinstance(node, dict):
        for name, member in node.items():
            if key in ("properties", "paths"):
                yield from words_of(name)
            if name in ("operationId", "name") and isinstance(member, str):
                yield from words_of(member)
            yield from names_in(member, name)
    elif isinstance(node, list):
        for member in node:
            yield from names_in(member)


def renaming(seed: int) -> Callable[[str], str]:
    """Return a map of text to text in which each of the shop's words is a noun; `s` stays `s`."""
    words = {word.lower() for word in names_in(SHOP) if word.isalpha()}
    single = sorted(
        {word.removesuffix("s") if word.removesuffix("s") in words else word for word in words}
    )
    chosen = dict(zip(single, random.Random(seed).sample(NOUNS, len(single)), strict=True))

    def noun(match: re.Match[str]) -> str:
        word = match[0]
        stem = word.lower()
        ending = "" if stem in chosen else "s"
        found = (
            chosen.get(stem.removesuffix(ending), "") and chosen[stem.removesuffix(ending)] + ending
        )
        return (found.capitalize() if word[0].isupper() else found) or word

    return lambda text: re.sub(r"[a-z]+|[A-Z][a-z]*", noun, text)


def renamed(node: Any, rename: Callable[[str], str], key: str = "") -> Any:
    """Return the document under other names: keywords of OpenAPI and schemas stay."""
    if isinstance(node, dict):
        is_named = key in ("properties", "paths")
        return {
            rename(name) if is_named else name: renamed(member, rename, "" if is_named else name)
            for name, member in node.items()
            if name not in ("example", "responses")
        }
    if isinstance(node, list):
        return [
            rename(one) if key in _LISTS and isinstance(one, str) else renamed(one, rename)
            for one in node
        ]
    return rename(node) if key in _TEXTS and isinstance(node, str) else node


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_shop_under_other_names_is_asked_in_these(seed: int) -> None:
    rename = renaming(seed)
    document = json.dumps(renamed(SHOP, rename)).encode()
    asked = Asked(tools_of(demo_operations()))
    asked_renamed = Asked(tools_of(demo_operations(document)))
    kept = 0
    for question, answers in QUESTIONS:
        calls = asked.called_in_turn(question, *answers)
        other = json.loads(rename(json.dumps(answers)))
        found = asked_renamed.called_in_turn(rename(question), *other)
        expected = [
            (
                f"shop.{rename(operation.removeprefix('shop.'))}",
                {rename(n): v for n, v in arguments.items()},
            )
            for operation, arguments in calls
        ]
        kept += bool(calls) and found == expected
    assert kept >= 4
