"""References to secrets, and where their values are read from: late, and never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.errors import CredentialError
from dragoman.secrets.live import LiveValues
from dragoman.secrets.reference import Reference, parse_template
from dragoman.secrets.secrets import Secrets


def test_a_template_is_literal_text_and_references() -> None:
    assert parse_template("Token ${A}:${file:/run/b}${env:C:-d}").parts == (
        "Token ",
        Reference("env", "A"),
        ":",
        Reference("file", "/run/b"),
        Reference("env", "C", "d"),
    )


@pytest.mark.parametrize("text", ["${A} ${file:/x}", "plain", "", "$${A}", "a $ b"])
def test_a_template_reads_as_it_is_written(text: str) -> None:
    assert str(parse_template(text)) == text


def test_a_default_is_not_printed() -> None:
    assert str(parse_template("${A:-hunter22}")) == "${A}"


async def resolved(text: str, base: Path, **environ: str) -> tuple[str, LiveValues]:
    live = LiveValues()
    value = await Secrets(environ, live, base).resolve(parse_template(text), where="f:3")
    return value, live


async def test_what_is_resolved_is_redacted_from_then_on(tmp_path: Path) -> None:
    value, live = await resolved("Token ${A}", tmp_path, A="canary-0123")
    assert value == "Token canary-0123"
    assert live.redact("it was canary-0123") == "it was [A]"


async def test_a_missing_variable_is_named_with_its_place(tmp_path: Path) -> None:
    for environ in ({}, {"A": ""}):
        with pytest.raises(CredentialError) as refused:
            await resolved("${A}", tmp_path, **environ)
        assert str(refused.value) == "A is not set (f:3). Set it in the shell or in .env."


async def test_missing_variables_are_known_without_reading_any(tmp_path: Path) -> None:
    secrets = Secrets({"B": "x", "E": ""}, LiveValues(), tmp_path)
    template = parse_template("${A} ${B} ${C:-d} ${file:/none} ${E}")
    assert [reference.name for reference in secrets.missing(template)] == ["A", "E"]


async def test_a_store_that_this_version_does_not_know_is_told(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"names the secret store 'keychain' \(f:3\)"):
        await resolved("${keychain:kv/a}", tmp_path)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"abc", "abc"),
        (b"abc\n", "abc"),
        (b"abc\r\n", "abc"),
        (b"abc\n\n", "abc\n"),
        (b" abc ", " abc "),
        ("gehëim".encode(), "gehëim"),
    ],
)
async def test_a_file_is_a_value_without_its_last_line_break(
    tmp_path: Path, content: bytes, value: str
) -> None:
    (tmp_path / "token").write_bytes(content)
    assert (await resolved("${file:token}", tmp_path))[0] == value
    assert (await resolved(f"${{file:{tmp_path}/token}}", Path("/")))[0] == value


async def test_a_file_that_is_no_secret_is_refused_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "large").write_bytes(b"x" * (64 * 1024 + 1))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, message in (
        ("folder", "cannot be read: Is a directory"),
        ("large", "larger than 64 KiB"),
        ("binary", "not text in UTF-8"),
        ("none", r"none is not set \(f:3\). Create the file"),
    ):
        with pytest.raises(CredentialError, match=message):
            await resolved(f"${{file:{name}}}", tmp_path)


async def test_an_empty_file_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\n")
    assert (await resolved("${file:token:-other-value}", tmp_path))[0] == "other-value"


async def test_printing_secrets_shows_none(tmp_path: Path) -> None:
    secrets = Secrets({"A": "canary-0123"}, LiveValues(), tmp_path)
    await secrets.resolve(parse_template("${A}"))
    assert repr(secrets) == "Secrets(env, file)"
