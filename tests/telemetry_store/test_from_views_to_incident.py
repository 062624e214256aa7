"""Pages that real users tell of are judged: what got slower, or shows errors, for many of them is an incident."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.builders import new_store
from tests.dashboard.telemetry_scene import page_view
from tests.telemetry_store.samples import NOW_NS, SECOND_NS

from outrider.alerts import AlertSettings, Phase, Problem, read_incident
from outrider.app.alerting.alert_service import AlertService
from outrider.app.service.subject_watch import SubjectWatch
from outrider.app.telemetry.page_watch import PERIOD_S, SETTLED_S, PageWatch
from outrider.app.telemetry.progress_mark import ProgressMark
from outrider.baselines import Settings
from outrider.model import Subject
from outrider.runs import LiveJudge
from outrider.telemetry_store.page_view_search import PageViewSearch
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.workspace import PageSettings, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.alerts import Incident
    from outrider.real_users import PageView
    from outrider.store import Store
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

END_S = (NOW_NS // SECOND_NS - SETTLED_S) // PERIOD_S * PERIOD_S
DAYS_S, BAD_S = 7 * 43_200, 4 * PERIOD_S
VISITS = 30


@pytest.fixture
def search(client: ClickHouseClient) -> PageViewSearch:
    upgrade_schema(client)
    return PageViewSearch(client)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


@pytest.fixture
def mark(tmp_path: Path) -> ProgressMark:
    return ProgressMark(tmp_path / "mark.json")


def visits(*, slower: float = 1.0, failing: float = 0.0, networks: int = 9, page: str = "/cart") -> list[PageView]:
    """Return the visits of a page in three days and a half, thirty a quarter of an hour; the last hour is worse."""
    draw = np.random.default_rng(7)
    begins = np.repeat(np.arange(END_S - DAYS_S, END_S, PERIOD_S), VISITS)
    lcp = 1_500 * np.exp(draw.normal(0, 0.3, len(begins)))
    is_bad = begins >= END_S - BAD_S
    fails = draw.random(len(begins)) < np.where(is_bad, failing, 0.01)
    return [
        page_view(
            number, start_us=(int(at_s) + number % VISITS) * 1_000_000, session=f"{page}{number:08}", page=page,
            network=f"198.51.{number % networks}.0", lcp_ms=float(ms * slower if bad else ms), errors=int(fail),
        )
        for number, (at_s, ms, bad, fail) in enumerate(zip(begins, lcp, is_bad, fails, strict=True))
    ]  # fmt: skip


def incidents(search: PageViewSearch, store: Store, mark: ProgressMark) -> list[Incident]:
    """Return the incidents that come of what is stored, judged period by period as time passes."""
    alerts = AlertService(store, lambda: True)
    alerts.use(Workspace(root=Path(), name="t"), [], AlertSettings())
    judging = SubjectWatch(store.aggregates, alerts.subject_judged, judge_s=60)
    judging.judge = LiveJudge(store, Settings())
    for at_s in range(END_S - BAD_S, END_S + 1, PERIOD_S):
        watch = PageWatch(
            search, store.aggregates, lambda: [("shop", "production"), ("shop", "staging")], mark,
            PageSettings(), clock=lambda: float(at_s + SETTLED_S),  # noqa: B023
        )  # fmt: skip
        while watch.look():
            pass
        judging.ticked(at_s * 1_000_000)
        alerts.ticked(at_s * 1_000_000)
    alerts.close()
    opened = [read_incident(stored) for stored in store.incidents.search(since_us=0)]
    return [incident for incident in opened if incident.phase is not Phase.PENDING]


@pytest.mark.slow
def test_pages_that_are_worse_for_many_are_incidents(search: PageViewSearch, store: Store, mark: ProgressMark) -> None:
    """What robots live through has nothing to do with it, nor what four networks do: those may be one office."""
    office = visits(slower=3.0, failing=0.9, networks=4, page="/office")
    robots = [
        view._replace(origin="synthetic", session=f"robot {view.session}")
        for view in visits(slower=9.0, failing=1.0, page="/terms")[-4 * VISITS :]
    ]
    users = [*visits(slower=2.0), *visits(failing=0.5, page="/pay"), *visits(page="/terms")]
    search.insert_page_views([*users, *office, *robots], token="worse")

    found = {incident.lead.title: incident for incident in incidents(search, store, mark)}

    assert {title: incident.problem for title, incident in found.items()} == {
        "shop /cart": Problem.DEGRADATION, "shop /pay": Problem.FAILURE,
    }  # fmt: skip
    assert found["shop /cart"].lead.predicate == "is slow in LCP"
    assert found["shop /pay"].lead.predicate == "shows errors to more users than usual"
    assert "more visits with errors than usual in" in found["shop /pay"].lead.what
    assert store.series.of(Subject("page:shop /terms"))
    assert not store.series.of(Subject("page:shop /office"))
