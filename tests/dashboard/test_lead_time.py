"""The page of an incident, and the API, say how long before real users a prober saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from outrider.alerts import Problem
from outrider.telemetry_store.page_view_search import PageViewSearch

from .conftest import MINUTE_US, NOW_US
from .telemetry_scene import page_view, source

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

    from .conftest import Scene

SEEN_US = NOW_US - 30 * MINUTE_US
SLOW = {"lcp_ms": 9_000.0, "errors": 0, "failed_calls": 0}
FAST = {"lcp_ms": 900.0, "inp_ms": 80.0, "errors": 0, "failed_calls": 0}


def visit(host: str, number: int, minutes: float, **changes: Any) -> Any:
    """Return the view of a visit, minutes after the prober saw it."""
    session = f"{host}{number:04}".encode().hex()[-32:]
    return page_view(
        1, start_us=round(SEEN_US + minutes * MINUTE_US), session=session, view=session[-16:], url=f"https://{host}/",
        **{**FAST, **changes},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("host", "troubled", "over_s"),
    [
        ("early.example", {5.0: SLOW, 8.0: SLOW, 9.0: SLOW, 9.5: SLOW}, (300.0, 540.0)),
        ("late.example", {-2.0: SLOW}, (-120.0, None)),
        ("nobody.example", {}, (None, None)),
        ("errors.example", {5.0: {"errors": 3}}, (None, None)),
    ],
)
def test_it_is_counted_from_the_first_run_that_shows_it(
    scene: Scene, telemetry: ClickHouseClient, host: str, troubled: dict[float, Any], over_s: tuple[float | None, ...]
) -> None:  # fmt: skip
    """Two hundred visits of the day before, two of which are slow as on any day; errors are another trouble."""
    views = [visit(host, number, -65 - number * 6.5, **(SLOW if number % 100 == 7 else {})) for number in range(200)]
    views += [visit(host, 1000 + number, at, **more) for number, (at, more) in enumerate(troubled.items())]
    views += [visit(f"other.{host}", 3000, 1, **SLOW), visit(host, 2000, 1, **SLOW, origin="robot")]
    PageViewSearch(telemetry).insert_page_views(views, token=host)
    scene.telemetry = source(telemetry)
    labels = {"host": host, "environment": "production"}
    incident = scene.incident(
        scene.add("home"), Problem.DEGRADATION, since_us=SEEN_US, labels=labels, opening_labels=labels
    )

    answer, page = scene.get(f"/api/v1/incidents/{incident.id}", f"/incidents/{incident.id}")

    lead = answer.json()["lead_time"]
    assert (lead["over_first_s"], lead["over_hundredth_s"]) == over_s
    assert (lead["visits"], lead["usual_share"], lead["unknown"]) == (200, 0.01, "")
    assert ("nobody was reached" in page.text) is (over_s[0] is None)
    assert ("not so many were reached" in page.text) is (over_s[1] is None)
    assert ("2 min earlier" in page.text) is (over_s[0] == -120.0)


def test_a_host_without_visits_is_no_host_that_reached_nobody(scene: Scene, telemetry: ClickHouseClient) -> None:
    """It is said that no visit is known."""
    scene.telemetry = source(telemetry)
    incident = scene.incident(scene.add("home"), opening_labels={"host": "unknown.example"})

    answer, page = scene.get(f"/api/v1/incidents/{incident.id}", f"/incidents/{incident.id}")

    assert answer.json()["lead_time"]["unknown"] == "the day before, no visit to unknown.example is known"
    assert "nobody was reached" not in page.text
