"""A store of the version before is brought up with all that is in it, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import dragoman.store
from dragoman.audit.approvals import Approvals
from dragoman.clock import SystemClock
from dragoman.store.store import Store

VIEWS = ("calls", "answers", "approvals")
MIGRATIONS = Path(dragoman.store.__file__).parent / "migrations"


def at(url: str, revision: str, *statements: str, down: bool = False) -> dict[str, int]:
    """Bring a store to a revision, carry out statements, and count what its views show."""
    url = url.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)
        connection.commit()
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
        return {
            view: connection.exec_driver_sql(f"SELECT count(*) FROM {view}").scalar_one()  # noqa: S608
            for view in VIEWS
        }


APPROVAL = """
INSERT INTO approval_log VALUES ('ap_1', '{}', 'C1', NULL, 'shop.x', 'write', 'h', '{}', 'owner',
  NULL, '2026-11-24T12:00:00.000000Z', '2099-11-25T12:00:00.000000Z', 'waiting', NULL, NULL, '')
"""
ANSWER = """
INSERT INTO answer_log VALUES ('A1', '2026-11-24T12:00:00.000000Z', 'owner', NULL, 'q', 'm', 'ok',
  't', '{}', NULL, 1, 0.5, NULL)
"""


async def test_a_store_of_the_first_version_keeps_what_is_in_it(
    shared_url: str, tmp_path: Path
) -> None:
    assert at(shared_url, "0001", APPROVAL, ANSWER) == {"calls": 0, "answers": 1, "approvals": 1}
    store = Store(shared_url, tmp_path)
    approvals = Approvals(store, SystemClock())
    assert (await approvals.get("ap_1")).may_answer == ()
    assert (await approvals.answer("ap_1", approved=True, by="owner")).answered_by == "owner"
    rows = await store.read("SELECT state, answered_by FROM approvals", {})
    assert [tuple(row.values()) for row in rows] == [("approved", "owner")]
    await store.aclose()
    assert at(shared_url, "0001", down=True) == {"calls": 0, "answers": 1, "approvals": 1}
    assert at(shared_url, "head") == {"calls": 0, "answers": 1, "approvals": 1}


@pytest.mark.parametrize("table", ["pause_log", "caller_keys", "user_tokens"])
async def test_a_store_that_was_taken_back_has_no_table_of_the_second(
    shared_url: str, table: str
) -> None:
    at(shared_url, "head")
    with pytest.raises((sa.exc.OperationalError, sa.exc.ProgrammingError)):
        at(shared_url, "0001", f"SELECT * FROM {table}", down=True)  # noqa: S608
