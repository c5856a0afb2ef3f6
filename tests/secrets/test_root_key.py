"""The root key: made once and kept to oneself, and a key of its own for each use."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from dragoman.errors import CredentialError
from dragoman.secrets.key import RootKey, hkdf
from dragoman.secrets.live import LiveValues
from dragoman.secrets.reference import parse_template
from dragoman.secrets.secrets import Secrets


def root_key(base: Path, named: str | None = None, **environ: str) -> RootKey:
    template = parse_template(named) if named else None
    return RootKey(template, Secrets(environ, LiveValues(), base), base)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_hkdf_gives_what_rfc_5869_gives() -> None:
    """Appendix A.1 and A.2."""
    first = hkdf(
        b"\x0b" * 22,
        salt=bytes(range(0x0D)),
        info=bytes(range(0xF0, 0xFA)),
        length=42,
    )
    assert first.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    second = hkdf(
        bytes(range(0x50)),
        salt=bytes(range(0x60, 0xB0)),
        info=bytes(range(0xB0, 0x100)),
        length=82,
    )
    assert second.hex() == (
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87"
    )


async def test_without_a_key_of_the_owner_one_is_made_for_the_owner_alone(tmp_path: Path) -> None:
    key = await root_key(tmp_path).derive("claims")
    file = tmp_path / "dragoman.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(key) == 32
    assert await root_key(tmp_path).derive("claims") == key
    assert names(tmp_path) == ["dragoman.key"]


async def test_each_use_has_a_key_of_its_own(tmp_path: Path) -> None:
    key = root_key(tmp_path)
    assert await key.derive("claims") != await key.derive("users")
    assert await key.derive("claims") == await key.derive("claims")


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from dragoman.secrets.key import RootKey\n"
        "key = RootKey(None, None, Path(sys.argv[1]))\n"
        "print(asyncio.run(key.derive('claims')).hex())"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    keys = {process.communicate()[0].strip() for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) == 64


async def test_tasks_that_ask_at_once_have_one_key(tmp_path: Path) -> None:
    key = root_key(tmp_path)
    assert len(set(await asyncio.gather(*(key.derive("claims") for _ in range(10))))) == 1


async def test_the_key_of_the_owner_is_used_and_no_file_made(tmp_path: Path) -> None:
    one = await root_key(tmp_path, "${K}", K="0123456789abcdef").derive("claims")
    other = await root_key(tmp_path, "${K}", K="0123456789abcdeg").derive("claims")
    assert one != other
    assert names(tmp_path) == []


async def test_a_key_that_is_none_is_refused_without_its_value(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"\$\{K\} has fewer than 16 characters") as refused:
        await root_key(tmp_path, "${K}", K="hunter22").derive("claims")
    assert "hunter22" not in str(refused.value)
    with pytest.raises(CredentialError, match="K is not set"):
        await root_key(tmp_path, "${K}").derive("claims")


async def test_a_key_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dragoman.key").write_text("\n")
    with pytest.raises(CredentialError, match=r"dragoman\.key does not hold a key"):
        await root_key(tmp_path).derive("claims")
    with pytest.raises(CredentialError, match="cannot be read or made: No such file"):
        await root_key(tmp_path / "none").derive("claims")
