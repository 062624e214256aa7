"""The page of an incident, the API and reports say how long before real users a prober saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.builders import run_of

from outrider.alerts import Facts, Phase, Problem
from outrider.app.reporting.report_incidents import StoredIncidents
from outrider.baselines import Settings
from outrider.dashboard import user_quotes
from outrider.model import DURATION, AggregateSample, Kind, Measurement, Outcome, Sample, Subject, SubjectKind
from outrider.real_users import LeadTimes, TroubledVisits, affected_visits
from outrider.runs import LiveJudge
from outrider.telemetry_store.page_view_search import PageViewSearch

from .conftest import MINUTE_US, NOW_US
from .telemetry_scene import page_view, source

if TYPE_CHECKING:
    from outrider.store import Store
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

SEEN_US = NOW_US - 30 * MINUTE_US
SLOW: Final = {"lcp_ms": 9_000.0}
TROUBLED: Final[dict[str, dict[float, dict[str, Any]]]] = {
    "early.example": {5.0: SLOW, 8.0: SLOW, 9.0: SLOW, 9.5: SLOW},
    "late.example": {-2.0: SLOW},
    "nobody.example": {},
    "errors.example": {5.0: {"errors": 3}},
    "calm.example": {number / 4: {} for number in range(1, 81)},
}
OVER_S: Final = {
    "early.example": (300.0, 540.0), "late.example": (-120.0, None), "nobody.example": (None, None),
    "errors.example": (None, None), "calm.example": (None, None),
}  # fmt: skip
"""The lead over the first user, and over one in a hundred."""

QUOTED: Final = {
    "early.example": "4 of 4 visits within 1 h 30 min met a poor LCP, INP or TTFB, usually 1 %; the first 5 min after a"
    " prober saw it",
    "late.example": "1 of 1 visit within 1 h 30 min met a poor LCP, INP or TTFB, usually 1 %; the first 2 min before a"
    " prober saw it",
    "calm.example": "nobody so far: none of 80 visits within 1 h 30 min met a poor LCP, INP or TTFB",
}
"""What a message says; nothing where one visit or none would have shown it."""


def visit(host: str, number: int, minutes: float, **changes: Any) -> Any:
    """Return the view of a visit, minutes after the prober saw it."""
    session = f"{host}{number:04}".encode().hex()[-32:]
    plain = {"lcp_ms": 900.0, "inp_ms": 80.0, "errors": 0, "failed_calls": 0}
    return page_view(
        1, start_us=round(SEEN_US + minutes * MINUTE_US), session=session, view=session[-16:], url=f"https://{host}/",
        **{**plain, **changes},
    )  # fmt: skip


def visits(host: str) -> list[Any]:
    """Return two hundred visits of the day before, two of which are slow as on any day, and those of the incident."""
    before = [visit(host, number, -65 - number * 6.5, **(SLOW if number % 100 == 7 else {})) for number in range(200)]
    met = [visit(host, 1000 + number, at, **more) for number, (at, more) in enumerate(TROUBLED[host].items())]
    others = [visit(f"other.{host}", 3000, 1, **SLOW), visit(host, 2000, 1, **SLOW, origin="robot")]
    return [*before, *met, *others]


def test_it_counts_from_the_first_run_that_shows_it(scene: Scene, telemetry: ClickHouseClient) -> None:
    """Users may be first; where nobody was reached, this is said and left out of medians."""
    search = PageViewSearch(telemetry)
    search.insert_page_views([view for host in TROUBLED for view in visits(host)], token="lead times")
    scene.telemetry = source(telemetry)
    check, incidents = scene.add("home"), {}
    for host in TROUBLED:
        labels = {"host": host, "environment": "production"}
        incidents[host] = scene.incident(
            check, Problem.DEGRADATION, since_us=SEEN_US, labels=labels, opening_labels=labels
        )

    for host, incident in incidents.items():
        answer, page = scene.get(f"/api/v1/incidents/{incident.id}", f"/incidents/{incident.id}")
        lead = answer.json()["lead_time"]
        assert (host, (lead["over_first_s"], lead["over_hundredth_s"])) == (host, OVER_S[host])
        assert (lead["visits"], lead["usual_share"], lead["unknown"]) == (200, 0.01, "")
        assert ("nobody was reached" in page.text) is (OVER_S[host][0] is None)
        assert ("not so many were reached" in page.text) is (OVER_S[host][1] is None)
        assert ("2 min earlier" in page.text) is (host == "late.example")
        quotes = user_quotes(scene.store, search, incident, NOW_US)
        assert [quote.text for quote in quotes] == [QUOTED[host] for _ in range(host in QUOTED)]
        assert all(quote.path == f"/incidents/{incident.id}#lead" for quote in quotes)
    times = StoredIncidents(scene.store).lead_times_by(search, list(incidents.values()))
    assert times == LeadTimes(5, 2, 1, 1, 90e6, 540e6)


def test_a_host_without_visits_is_no_host_that_reached_nobody(scene: Scene, telemetry: ClickHouseClient) -> None:
    """It is said that no visit is known."""
    scene.telemetry = source(telemetry)
    incident = scene.incident(scene.add("home"), opening_labels={"host": "unknown.example"})

    answer, page = scene.get(f"/api/v1/incidents/{incident.id}", f"/incidents/{incident.id}")

    assert answer.json()["lead_time"]["unknown"] == "the day before, no visit to unknown.example is known"
    assert "nobody was reached" not in page.text


@pytest.mark.parametrize(
    ("before", "after", "is_more"),
    [
        ((200, 0), (59, 0), None),
        ((200, 0), (60, 0), False),
        ((200, 20), (100, 9), False),
        ((200, 20), (100, 20), True),
        ((200, 2), (5, 2), True),
        ((0, 0), (90, 9), None),
    ],
    ids=["too few came", "nobody", "as usual", "twice as many", "few, and rare", "none of the day before"],
)
def test_reach_is_what_chance_does_not_explain(
    before: tuple[int, int], after: tuple[int, int], is_more: bool | None
) -> None:
    """Unknown where too few visits came to have shown it."""
    usual, lately = (TroubledVisits(visits, ((1, met),) if met else ()) for visits, met in (before, after))

    affected = affected_visits(usual, lately)

    assert (affected and affected.is_more) is is_more


def test_an_incident_of_a_page_names_who_suffered_and_which_journeys_saw_it(
    scene: Scene, telemetry: ClickHouseClient
) -> None:
    """A prober may be later than users, or see nothing; sessions of another page or time did not suffer.

    The chart of what is judged has the judge's band.
    """
    scene.telemetry = source(telemetry)
    views = [
        visit("page.example", number, minutes, page=path, lcp_ms=lcp)
        for number, (path, minutes, lcp) in enumerate([("/pay", 2, 9_000.0), ("/pay", -90, 8_000.0), ("/", 3, 7_000.0)])
    ]
    PageViewSearch(telemetry).insert_page_views(views, token="a page's incident")
    late, blind, elsewhere = (scene.add(name, Kind.JOURNEY) for name in ("late", "blind", "elsewhere"))
    for journey, path in ((late, "/pay"), (blind, "/pay"), (elsewhere, "/")):
        samples = (Sample("open", f"lcp_ms page.example{path}", 900.0),)
        measured = Measurement(Outcome.PASSED, "", NOW_US - MINUTE_US, 9.0, samples=samples)
        scene.store.runs.record(run_of(measured, journey.id))
    scene.incident(late, Problem.DEGRADATION, since_us=SEEN_US + 12 * MINUTE_US)
    labels = {"kind": "page", "page": "shop /pay", "environment": "production", "step": "LCP"}
    incident = scene.incident(
        late, Problem.DEGRADATION, since_us=SEEN_US, opening_labels=labels, checks=(),
        lead=Facts("slow", step="LCP", since_us=SEEN_US),
    )  # fmt: skip
    judge_page(scene.store, Subject.of(SubjectKind.PAGE, "shop /pay"))

    page, answer, vitals, narrowed = scene.get(
        f"/incidents/{incident.id}", f"/api/v1/incidents/{incident.id}", "/vitals?since=6h&page=/pay",
        "/vitals?since=6h&page=/pay&device=desktop",
    )  # fmt: skip

    assert [view.session in page.text for view in views] == [True, False, False]
    assert "saw it 12 min after users did" in page.text
    assert page.text.count("has not seen it") == 1
    assert str(elsewhere.id) not in page.text
    assert "/vitals?since=6h&amp;service=shop&amp;environment=production&amp;page=%2Fpay" in page.text
    lead = answer.json()["lead_time"]
    assert (lead["over_first_s"], lead["visits"], lead["unknown"]) == (-600.0, 1, "")
    assert "Visits to /pay of shop" in page.text
    assert "LCP, 75th percentile" in page.text
    assert ['class="band"' in own.text for own in (page, vitals, narrowed)] == [True, True, False]


def test_an_incident_of_a_service_has_the_lead_time_of_the_checks_that_name_it(
    scene: Scene, telemetry: ClickHouseClient
) -> None:
    """Over users of its pages, else of the checks' host; what no prober saw is said, and counted apart.

    Trouble before the last run that passed is not the incident's.
    """
    scene.telemetry, search = source(telemetry), PageViewSearch(telemetry)
    views = [visit("service.example", number, minutes, service="front") for number, minutes in enumerate((-90, -20, 5))]
    views[1:] = [view._replace(failed_calls=1) for view in views[1:]]
    search.insert_page_views(views, token="a service's incident")
    check = scene.add("buy")
    passed = Measurement(Outcome.PASSED, "", SEEN_US - 10 * MINUTE_US, 9.0)
    scene.store.runs.record(run_of(passed, check.id))
    scene.incident(
        check, since_us=SEEN_US, named=("service:payment", "service:front"), opening_labels={"host": "service.example"}
    )
    told = [
        scene.incident(
            check,
            since_us=SEEN_US + late * MINUTE_US,
            checks=(f"service:{name}",),
            lead_subject=f"failure|production||service:{name}|",
            opening_labels={"kind": "service", "service": name},
        )
        for name, late in (("payment", 2), ("front", 3))
    ]
    told.append(
        scene.incident(
            check, since_us=SEEN_US - 80 * MINUTE_US, ended_us=SEEN_US - 40 * MINUTE_US, phase=Phase.RESOLVED,
            checks=("service:front",), lead_subject="failure|production||service:front|",
            opening_labels={"kind": "service", "service": "front"},
        )
    )  # fmt: skip

    leads = [scene.get(f"/api/v1/incidents/{own.id}")[0].json()["lead_time"] for own in told]
    first, page = scene.get(f"/incidents/{told[0].id}", f"/incidents/{told[2].id}")

    assert [(own["over_first_s"], own["seen"] is None) for own in leads] == [
        (300.0, False),
        (300.0, False),
        (None, True),
    ]
    assert leads[2]["first_user"] is None
    assert [view.session in first.text for view in views] == [False, False, True]
    assert "no prober saw it" in page.text
    assert "nobody was reached" in page.text
    times = StoredIncidents(scene.store).lead_times_by(search, told)
    assert (times.incidents, times.reached, times.before_users, times.unseen) == (3, 2, 2, 0)


def judge_page(store: Store, subject: Subject) -> None:
    """Store two weeks of a page's LCP, as the watch of pages does, and judge them."""
    period_us, began_us = 15 * MINUTE_US, NOW_US - 14 * 24 * 60 * MINUTE_US
    store.aggregates.record([
        AggregateSample(subject, "LCP", DURATION, "production", "", at_us, 900.0 + at_us // period_us % 7)
        for at_us in range(began_us // period_us * period_us, NOW_US, period_us)
    ])  # fmt: skip
    LiveJudge(store, Settings()).judge_subject(subject, environment="production")
