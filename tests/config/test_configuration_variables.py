"""Variables in a configuration: from the process, from `.env`, with a default, and from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.config.load import load
from dragoman.errors import ConfigurationError


def described(base: Path, text: str, **environ: str) -> str:
    """Return the description of an API in whose place this text was written."""
    (base / "dragoman.yaml").write_text(f"apis: {{a: {{openapi: x, description: '{text}'}}}}\n")
    return load(base / "dragoman.yaml", environ=environ).settings.apis["a"].description


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${NAME}", "ana"),
        ("${env:NAME}", "ana"),
        ("a ${NAME} b ${NAME}", "a ana b ana"),
        ("${UNSET:-bob}", "bob"),
        ("${env:UNSET:-bob}", "bob"),
        ("${EMPTY:-bob}", "bob"),
        ("${UNSET:-}", ""),
        ("${NAME:-bob}", "ana"),
        ("$${NAME}", "${NAME}"),
        ("$NAME and {NAME}", "$NAME and {NAME}"),
    ],
)
def test_a_reference_stands_for_a_variable(tmp_path: Path, text: str, value: str) -> None:
    assert described(tmp_path, text, NAME="ana", EMPTY="") == value


def test_a_value_is_not_read_again_for_references(tmp_path: Path) -> None:
    assert described(tmp_path, "${NAME}", NAME="${OTHER}", OTHER="x") == "${OTHER}"


def test_the_process_wins_over_the_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NAME=from file\nexport OTHER='only ${here}'\n# x\n")
    assert described(tmp_path, "${NAME}, ${OTHER}") == "from file, only ${here}"
    assert described(tmp_path, "${NAME}", NAME="from process") == "from process"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"NAME=\xff\n", "cannot be read"), (b"# " + b"x" * 1024 * 1024, "larger than 1 MiB")],
)
def test_an_unreadable_file_of_variables_is_told(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"\.env.*{message}"):
        described(tmp_path, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${file:/run/secrets/x}", "is a secret, and this is no place for one"),
        ("${NAME", "is no reference"),
        ("${UNSET:-${NAME}}", "is no reference"),
        ("${}", "names nothing"),
        ("${:-x}", "names nothing"),
    ],
)
def test_what_is_no_reference_is_not_left_as_it_is(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        described(tmp_path, text, NAME="ana")


def test_no_value_of_the_environment_is_printed_with_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "dragoman.yaml").write_text('key: "${KEY}"\n')
    configuration = load(tmp_path / "dragoman.yaml", environ={"KEY": "canary-0123456789"})
    assert "canary" not in repr(configuration)
