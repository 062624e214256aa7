"""The page of an incident, the API and reports say how long before real users a prober saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from outrider.alerts import Problem
from outrider.app.report_incidents import StoredIncidents
from outrider.real_users import LeadTimes
from outrider.telemetry_store.page_view_search import PageViewSearch

from .conftest import MINUTE_US, NOW_US
from .telemetry_scene import page_view, source

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

SEEN_US = NOW_US - 30 * MINUTE_US
SLOW: Final = {"lcp_ms": 9_000.0}
TROUBLED: Final[dict[str, dict[float, dict[str, Any]]]] = {
    "early.example": {5.0: SLOW, 8.0: SLOW, 9.0: SLOW, 9.5: SLOW},
    "late.example": {-2.0: SLOW},
    "nobody.example": {},
    "errors.example": {5.0: {"errors": 3}},
}
OVER_S: Final = {
    "early.example": (300.0, 540.0), "late.example": (-120.0, None), "nobody.example": (None, None),
    "errors.example": (None, None),
}  # fmt: skip
"""The lead over the first user, and over one in a hundred."""


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
    times = StoredIncidents(scene.store).lead_times_by(search, list(incidents.values()))
    assert times == LeadTimes(4, 2, 1, 1, 90e6, 540e6)


def test_a_host_without_visits_is_no_host_that_reached_nobody(scene: Scene, telemetry: ClickHouseClient) -> None:
    """It is said that no visit is known."""
    scene.telemetry = source(telemetry)
    incident = scene.incident(scene.add("home"), opening_labels={"host": "unknown.example"})

    answer, page = scene.get(f"/api/v1/incidents/{incident.id}", f"/incidents/{incident.id}")

    assert answer.json()["lead_time"]["unknown"] == "the day before, no visit to unknown.example is known"
    assert "nobody was reached" not in page.text
