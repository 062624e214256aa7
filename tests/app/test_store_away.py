"""What was stored when the database server was killed, and not told of yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.alerts.conftest import NOW_US, SECOND_US
from tests.app.test_alert_service import PAY, SETTINGS, phases, stored
from tests.store.contract.postgresql_server import IS_HERE, NAMED, started_here
from tests.waiting import until

from outrider.app.alerting.alert_service import AlertService
from outrider.baselines import Settings
from outrider.model import ArtifactFile, ArtifactKind
from outrider.runs import LiveJudge
from outrider.scheduler import Health, ResultPipeline
from outrider.store import Store
from outrider.workspace import Workspace

pytestmark = pytest.mark.skipif(not IS_HERE or bool(NAMED), reason="no PostgreSQL is to be started here")


def test_failed_runs_are_told_of_once_the_database_is_back(tmp_path: Path) -> None:
    """Judge and alerts read what a failed run left, which they cannot while the server is gone."""
    log = tmp_path / "pay.log"
    log.write_text("refused")
    files = (ArtifactFile(ArtifactKind.LOG, "pay.log", "text/plain", log),)
    with (
        started_here(durable=True) as server,
        server.empty_database() as url,
        Store.open(url, artifacts=tmp_path / "artifacts") as store,
    ):
        alerts = AlertService(store, lambda: True)
        alerts.use(Workspace(root=Path(), name="t"), [PAY], SETTINGS)
        alerts.ticked(NOW_US)
        runs = [stored(store, number, "journey:pay", artifacts=files) for number in (1, 11)]
        server.kill()
        health = Health()
        pipeline = ResultPipeline(LiveJudge(store, Settings()), [alerts], health, again_s=0.05)
        pipeline.stored(runs)
        until(lambda: "judging" in health.problems, health.problems)
        server.start()
        until(lambda: not health.problems, health.problems)
        pipeline.ticked(NOW_US + 12 * SECOND_US)
        pipeline.close(60)
        alerts.close()

        assert phases(store) == ["open"]
