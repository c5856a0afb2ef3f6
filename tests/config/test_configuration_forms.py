"""The forms in which a configuration is given: one file, several, a dict; short and long."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.config.load import load
from dragoman.config.parameters import parameter_schema
from dragoman.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, "utf-8")
    return name


def test_an_api_of_one_line_is_its_document(folder: Path) -> None:
    settings = load({"apis": {"shop": "./shop.openapi.json"}}).settings
    assert settings.apis["shop"].openapi == "./shop.openapi.json"


@pytest.mark.parametrize(
    ("model", "name", "base_url"),
    [
        ("gpt-5.4-mini", "gpt-5.4-mini", None),
        ("offline", "offline", None),
        ("http://localhost:11434/v1#qwen3", "qwen3", "http://localhost:11434/v1"),
        ({"name": "m", "base_url": "http://h/v1"}, "m", "http://h/v1"),
        ("org/model#2", "org/model#2", None),
    ],
)
def test_a_model_is_a_name_or_a_server_with_a_name(
    folder: Path, model: object, name: str, base_url: str | None
) -> None:
    chosen = load({"model": model}).settings.model
    assert chosen is not None
    assert (chosen.name, chosen.base_url) == (name, base_url)


def test_one_text_may_stand_for_a_list_of_one(folder: Path) -> None:
    settings = load({"apis": {"shop": {"openapi": "x", "include": "tag:orders"}}}).settings
    assert settings.apis["shop"].include == ["tag:orders"]


@pytest.mark.parametrize(
    ("written", "seconds"), [("500ms", 0.5), ("10s", 10), ("2m", 120), ("1h", 3600), (7, 7)]
)
def test_times_have_units(folder: Path, written: object, seconds: float) -> None:
    limits = {"timeout": written}
    settings = load({"apis": {"shop": {"openapi": "x", "limits": limits}}}).settings
    assert settings.apis["shop"].limits.timeout == seconds


def test_a_later_file_is_laid_over_an_earlier_one(folder: Path) -> None:
    base = write(
        "base.yaml",
        "apis:\n  shop:\n    openapi: ./shop.json\n    base_url: http://localhost:8001\n"
        "    include: [a, b]\nstore: sqlite:///x.db\n",
    )
    prod = write(
        "prod.yaml",
        "apis:\n  shop:\n    base_url: https://api.shop.example\n    include: [c]\n"
        "  carrier: ./c.json\n",
    )
    configuration = load([base, prod])
    shop = configuration.settings.apis["shop"]
    assert (shop.openapi, shop.base_url) == ("./shop.json", "https://api.shop.example")
    assert shop.include == ["c"]
    assert configuration.settings.apis["carrier"].openapi == "./c.json"
    assert configuration.where("apis", "shop", "base_url") == "prod.yaml:3"
    assert configuration.where("apis", "shop", "openapi") == "base.yaml:3"
    assert configuration.where("store") == "base.yaml:6"


def test_a_fault_names_the_file_that_it_stands_in(folder: Path) -> None:
    base, prod = write("base.yaml", "version: 1\n"), write("prod.yaml", "\n\nstoer: x\n")
    with pytest.raises(ConfigurationError, match=r"^prod\.yaml:3: unknown key 'stoer'"):
        load([base, prod])


def test_files_are_named_as_they_were_typed_and_paths_start_from_the_first(folder: Path) -> None:
    file = write("conf/dragoman.yaml", "stoer: x\n")
    with pytest.raises(ConfigurationError, match=r"^conf/dragoman\.yaml:1: "):
        load(file)
    write(file, "apis: {shop: ./shop.json}\n")
    assert load(file).base == Path("conf")


def test_no_file_at_all_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="No configuration file is named"):
        load([])


def test_an_empty_file_is_an_empty_configuration(folder: Path) -> None:
    assert load(write("dragoman.yaml", "# nothing yet\n")).settings.apis == {}


def test_a_byte_order_mark_is_no_part_of_the_first_key(folder: Path) -> None:
    Path("dragoman.yaml").write_bytes("version: 1\n".encode("utf-8-sig"))
    assert load("dragoman.yaml").settings.version == 1


def test_a_dict_has_the_way_to_a_key_in_place_of_lines() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({"apis": {"shop": {"openapi": "x", "limit": 1}}})
    assert refused.value.messages == (
        "apis.shop.limit: unknown key 'limit' in apis.shop. Did you mean 'limits'?",
    )


def test_a_dict_may_hold_paths_and_any_character(folder: Path) -> None:
    settings = load(
        {"apis": {"shop": {"openapi": Path("shop.json"), "description": "😀 Bücher"}}}
    ).settings
    assert settings.apis["shop"].openapi == "shop.json"
    assert settings.apis["shop"].description == "😀 Bücher"


def _endless() -> dict[str, object]:
    inside: dict[str, object] = {}
    inside["apis"] = inside
    return inside


def _deep() -> dict[str, object]:
    inside: dict[str, object] = {}
    for _ in range(100_000):
        inside = {"apis": inside}
    return inside


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"model": "a \ud800"}, "holds half a character"),
        ({"apis": {"shop": object()}}, "object has no place in it"),
        ({"assistant": {"timeout": float("nan")}}, "cannot be read"),
        (_endless(), "cannot be read"),
        (_deep(), "nested too deeply"),
    ],
)
def test_a_dict_that_no_file_could_hold_is_refused(source: dict, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load(source)


def test_settings_do_not_change_after_loading(folder: Path) -> None:
    settings = load({"apis": {"shop": "x"}}).settings
    with pytest.raises(ValueError, match="frozen"):
        settings.read_only = True  # type: ignore[misc]


@pytest.mark.parametrize(
    ("written", "schema", "required"),
    [
        ("string", {"type": "string"}, True),
        ("integer?", {"type": "integer"}, False),
        ("[string]?", {"type": "array", "items": {"type": "string"}}, False),
        (["number"], {"type": "array", "items": {"type": "number"}}, True),
        ({"enum": ["a"], "required": False}, {"enum": ["a"]}, False),
        (
            {"type": "object", "required": ["a"]},
            {"type": "object", "required": ["a"]},
            True,
        ),
    ],
)
def test_a_parameter_by_hand_is_a_type_or_a_schema(
    written: object, schema: object, required: bool
) -> None:
    assert parameter_schema(written) == (schema, required)


@pytest.mark.parametrize("written", ["text", "", "[text]", [], ["a", "b"], 5, None])
def test_what_is_no_parameter_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"type"):
        parameter_schema(written)
