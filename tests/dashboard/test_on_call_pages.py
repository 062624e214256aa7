"""Who is on call, and what labels would lead to, as pages and through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from outrider.alerts import AlertSettings, Rotation, parse_matcher
from outrider.alerts.oncall import Escalation, Level
from outrider.alerts.route import Route
from outrider.model import Silence

from .conftest import DAY_US, HOUR_US, NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

HOSTILE = "<script>alert(1)</script>\u202e"
SETTINGS = AlertSettings(
    route=Route(receivers=("mail",), routes=(Route("money", (parse_matcher("team=決済"),), (HOSTILE,), "shop"),)),
    people={"ada": ("pager",)},
    rotations={"shop": Rotation(("ada", HOSTILE), NOW_US - HOUR_US, DAY_US), "empty": Rotation((), NOW_US, DAY_US)},
    escalations={"shop": Escalation((Level(15 * 60_000_000, rotations=("shop",)),))},
)


def test_the_page_says_who_is_on_call_now_and_next(scene: Scene) -> None:
    """In the workspace's time zone; whoever has no receiver is marked."""
    without = scene.get("/on-call")[0].text
    scene.alerts = None
    loading = scene.get("/on-call")[0].text
    scene.alerts = SETTINGS
    page = scene.get("/on-call")[0].text

    assert "There is no rotation." in without
    assert "The workspace is being loaded." in loading
    for text in ("<b><bdi>ada</bdi></b>", "pager", "called by shop", "Sat 5 Oct 11:46", "nobody", "Times are of UTC"):
        assert text in page
    assert "<script>alert" not in page


def test_labels_lead_to_routes_receivers_and_people(scene: Scene) -> None:
    """Labels of a check are added, and what mutes is named."""
    scene.alerts = SETTINGS
    pay = scene.add("pay", labels={"team": "決済"})
    asked = quote(f"check={pay.id}\nseverity=warning")
    free = scene.get(f"/what-would-happen?labels={asked}")[0].text
    scene.store.silences.record(Silence("s", NOW_US - 1, NOW_US + HOUR_US, ("kind=probe",), "ada", HOSTILE))
    muted = scene.get(f"/what-would-happen?labels={asked}")[0].text

    for text in ("Route <bdi>money</bdi>", "team=決済", "15 min", "<bdi>ada</bdi> <small>of shop</small>", "pager"):
        assert text in free
    assert "1 route would take it." in free
    assert "Nobody would be notified now." in muted
    assert "silenced by ada" in muted
    assert "<script>alert" not in free + muted


@pytest.mark.parametrize("labels", ["nonsense", "%00", "=", "x" * 9_000, "a=%ED%A0%80", HOSTILE, "%0A%0A"])
def test_labels_that_are_none_are_refused_on_the_page(scene: Scene, labels: str) -> None:
    """With what to write instead; an empty form asks nothing."""
    page = scene.get(f"/what-would-happen?labels={labels}")[0]

    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_the_api_answers_the_same(scene: Scene) -> None:
    """A rotation with its turns; routes with levels in seconds; what cannot be read is a problem."""
    scene.alerts = SETTINGS
    pay = scene.add("pay", labels={"team": "決済"})
    on_call, routing, days, bad, many = scene.get(
        "/api/v1/on-call?days=2",
        f"/api/v1/what-would-happen?label={quote(f'check={pay.id}')}&label=severity%3Dinfo",
        "/api/v1/on-call?days=367",
        "/api/v1/what-would-happen?label=x",
        "/api/v1/what-would-happen?" + "label=a%3Db&" * 21,
    )
    scene.alerts = None
    (loading,) = scene.get("/api/v1/what-would-happen")

    shop = on_call.json()["rotations"][0]
    route = routing.json()["routes"][0]
    assert (shop["now"], len(shop["turns"]), shop["turns"][0]["receivers"]) == ("ada", 3, ["pager"])
    assert (route["name"], route["levels"][0]["after_s"], route["levels"][0]["on_call"]) == (
        "money",
        900.0,
        {"shop": "ada"},
    )
    assert routing.json()["labels"]["severity"] == "info"
    assert [answer.status_code for answer in (days, bad, many, loading)] == [400, 400, 400, 503]
