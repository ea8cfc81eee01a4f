"""The read model of a service at work, folded anew by the program that operators run (A73)."""

import pytest

from common.engine import engine_of
from common.service import Runtime
from common.shape import SCHEMA, fits, other_shapes
from common.testing import database
from local.servers import Servers
from services.visits.tests.programs import program
from services.visits.tests.test_api import Desk, desk
from visits.read_model import TABLES

__all__ = ["desk"]  # a fixture


async def test_A73_duties_that_somebody_deleted_are_there_again_under_the_service_that_runs(
    desk: Desk, runtime: Runtime
) -> None:
    household = await desk.monitored()
    before = await desk.duties(household)
    assert before
    code, said = await program(runtime, "visits.rebuild", "--check")
    assert (code, "3 tables of" in said, "row for row as they served" in said) == (0, True, True), (
        said
    )

    await runtime.pool.execute("delete from read.obligation")
    assert await desk.duties(household) == []
    code, said = await program(runtime, "visits.rebuild", "--check")
    assert code == 1
    assert "obligation: 0 rows only in the table that served," in said
    assert await desk.duties(household) == []
    code, said = await program(runtime, "visits.rebuild")
    assert code == 0, said
    assert await desk.duties(household) == before
    another = await desk.monitored()  # and the service goes on
    assert await desk.duties(another)


async def test_a_developers_service_makes_tables_of_another_version_anew_as_it_starts(
    runtime: Runtime, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make run` after another version is checked out."""
    async with database(servers.postgres, "visits") as made:
        monkeypatch.setenv("DATABASE_URL", made.url)
        engine = engine_of(made.url)
        async with engine.begin() as session:
            await session.exec_driver_sql(f"create schema {SCHEMA}")
            await session.run_sync(TABLES.create_all)
            await session.exec_driver_sql("alter table read.obligation drop column due_on")
        assert await other_shapes(engine, TABLES) == ["obligation"]
        await fits(runtime.settings, "visits", engine, TABLES)
        assert await other_shapes(engine, TABLES) == []
        await engine.dispose()
