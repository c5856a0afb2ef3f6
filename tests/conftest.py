"""What all tests share: where real descriptions are found, and that CI skips nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder of real API descriptions, which are not part of this repository."""
    folder = Path(os.environ.get("DRAGOMAN_SPECS", ROOT.parent / "shared" / "specs"))
    if not folder.is_dir():
        pytest.skip(f"no real API descriptions at {folder}: set DRAGOMAN_SPECS to a folder of them")
    return folder


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep compiled catalogs of tests away from those of whoever runs them."""
    os.environ["DRAGOMAN_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run that has skipped a test: our CI has every service that a test may need."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None or hasattr(session.config, "workerinput"):
        return
    skipped = len(reporter.stats.get("skipped", []))
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{skipped} tests were skipped, and CI skips none", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
