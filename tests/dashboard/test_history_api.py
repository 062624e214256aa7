"""Series, samples, silences, releases, the service and the export, through the API."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from outrider.alerts import AlertSettings, ReceiverSettings
from outrider.model import HostState, Notification, Outcome, Release, Silence, Status, new_run_id

from .conftest import DAY_US, HOUR_US, MINUTE_US, NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

HOSTILE = "<script>alert(1)</script>\u202e"


def test_samples_of_a_series_follow_each_other_by_cursor(scene: Scene) -> None:
    """Of a week unless another time is asked for; retries and failed attempts give none."""
    home = scene.add("home")
    for minute in range(1, 8):
        scene.ran(home, ago_us=minute * MINUTE_US, took_ms=100.0 + minute)
    scene.ran(home, Outcome.FAILED, ago_us=30)
    scene.ran(home, ago_us=20 * DAY_US, took_ms=9.0)
    address = f"/api/v1/samples?check={quote(home.id, safe='')}"

    first = scene.get(f"{address}&limit=4")[0].json()
    rest, old, series = (
        answer.json()
        for answer in scene.get(
            f"{address}&after={first['next']}",
            f"{address}&since=2024-09-01T00:00:00&until=2024-09-30T00:00:00%2B02:00",
            f"/api/v1/series?check={quote(home.id, safe='')}",
        )
    )  # fmt: skip

    values = [item["value"] for item in (*first["items"], *rest["items"])]
    assert values == [107.0, 106.0, 105.0, 104.0, 103.0, 102.0, 101.0]
    assert (rest["next"], [item["value"] for item in old["items"]]) == (None, [9.0])
    assert series["items"] == [{"step": "", "metric": "duration_ms", "environment": "production", "location": "local"}]


def test_one_series_has_to_be_named_where_several_fit(scene: Scene) -> None:
    """The answer names them."""
    home = scene.add("home", locations=("oslo", "rome"))
    for location in ("oslo", "rome"):
        scene.ran(home, location=location)
    address = f"/api/v1/samples?check={quote(home.id, safe='')}"

    several, named, none = scene.get(address, f"{address}&location=rome&step=", f"{address}&metric=none")

    assert (several.status_code, named.status_code, none.status_code) == (404, 200, 404)
    assert "duration_ms / production / oslo" in several.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "since=x", "until=99999-01-01", "since=0001-01-01T00:00:00%2B23:59", "limit=5001", "limit=%D9%A3", "after=-1",
        "since=2020-01-01&until=2024-01-01", f"metric={'x' * 1_001}", "since=%00",
    ],
)  # fmt: skip
def test_parameters_of_samples_are_bounded(scene: Scene, query: str) -> None:
    """Whatever cannot be read, or is too much, is a problem that names the parameter."""
    home = scene.add("home")
    scene.ran(home)

    (answer,) = scene.get(f"/api/v1/samples?check={quote(home.id, safe='')}&{query}")

    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["detail"]


def test_silences_and_releases_are_listed_by_cursor(scene: Scene) -> None:
    """Silences that have not ended by their start, releases the latest first, those of one moment each once."""
    for number in range(3):
        begins = NOW_US - number * MINUTE_US
        scene.store.silences.record(Silence(f"s{number}", begins, NOW_US + HOUR_US, ("a=b",), HOSTILE, HOSTILE))
    scene.store.silences.record(Silence("over", 1, NOW_US - 1, ("a=b",), "ada", ""))
    for number in range(5):
        at_us = NOW_US - number // 3 * HOUR_US
        scene.store.judgements.record_release(Release(f"v{number}", "production", at_us))

    seen: dict[str, list[str]] = {"silences": [], "releases": []}
    for name, cursor, key in (("silences", "after", "id"), ("releases", "before", "name")):
        address = f"/api/v1/{name}?limit=2"
        while address:
            page = scene.get(address)[0].json()
            seen[name] += [item[key] for item in page["items"]]
            address = f"/api/v1/{name}?limit=2&{cursor}={page['next']}" if page["next"] else ""

    assert seen == {"silences": ["s2", "s1", "s0"], "releases": ["v0", "v1", "v2", "v3", "v4"]}


def test_the_page_of_releases_has_fifty_and_leads_to_earlier_ones(scene: Scene) -> None:
    """Each release is on exactly one page."""
    for number in range(120):
        scene.store.judgements.record_release(Release(f"v{number:03}", "production", NOW_US - number // 7 * HOUR_US))

    names: list[str] = []
    address = "/releases"
    while address:
        (page,) = scene.get(address)
        names += [part.split("</bdi>")[0] for part in page.text.split('<tr><th scope="row"><bdi>')[1:]]
        following = page.text.split('rel="next" href="')[1:]
        address = following[0].split('"')[0].replace("&amp;", "&") if following else ""

    assert sorted(names) == [f"v{number:03}" for number in range(120)]


def test_rows_are_exported_as_a_stream(scene: Scene) -> None:
    """As CSV with the names of columns, or as JSON lines; no more rows than asked for."""
    home = scene.add("home")
    for minute in range(1, 6):
        scene.ran(home, ago_us=minute * MINUTE_US, reason=HOSTILE)
    scene.ran(home, ago_us=2 * DAY_US)

    runs, samples, limited, wrong = scene.get(
        "/api/v1/export", "/api/v1/export?table=samples&format=jsonl&metric=duration_ms", "/api/v1/export?limit=2",
        "/api/v1/export?table=secrets",
    )  # fmt: skip

    rows = list(csv.DictReader(io.StringIO(runs.text)))
    assert runs.headers["Content-Type"].startswith("text/csv")
    assert [row["check"] for row in rows] == [home.id] * 5
    assert rows[0]["reason"] == "<script>alert(1)</script>\\u202e" or HOSTILE[:-1] in rows[0]["reason"]
    assert [json.loads(line)["value"] for line in samples.text.splitlines()] == [120.0] * 5
    assert len(limited.text.splitlines()) == 3
    assert wrong.status_code == 400


def test_a_csv_export_names_its_columns_and_holds_no_formula(scene: Scene) -> None:
    """Without rows, too; JSON has the texts as they are."""
    tables = ("runs", "samples", "steps")
    empty = [answer.text for answer in scene.get(*(f"/api/v1/export?table={table}" for table in tables))]
    scene.ran(scene.add("home"), reason='=HYPERLINK("https://a.example")', environment="+1")

    full = [answer.text for answer in scene.get(*(f"/api/v1/export?table={table}" for table in tables))]
    (lines,) = scene.get("/api/v1/export?format=jsonl")

    assert [text.splitlines()[0] for text in full] == [text.splitlines()[0] for text in empty]
    assert [len(text.splitlines()) for text in empty] == [1, 1, 1]
    (row,) = csv.DictReader(io.StringIO(full[0]))
    assert (row["reason"], row["environment"]) == ('\'=HYPERLINK("https://a.example")', "+1")
    assert json.loads(lines.text)["reason"] == '=HYPERLINK("https://a.example")'


def test_an_export_that_fails_or_ends_makes_room_for_the_next(scene: Scene) -> None:
    """However often: at most two are under way."""
    scene.ran(scene.add("home"))

    answers = [scene.get("/api/v1/export")[0].status_code for _ in range(5)]

    assert answers == [200] * 5


def test_the_service_tells_receivers_store_and_host(scene: Scene) -> None:
    """Receivers of the workspace that nothing was sent to, too; those that fail first."""
    for receiver, status, note in (("mail", Status.DELIVERED, ""), (HOSTILE, Status.UNDELIVERED, "refused")):
        row = Notification(
            str(new_run_id(NOW_US)), receiver, "t", "trigger", NOW_US - MINUTE_US, NOW_US, "m", note=note
        )
        scene.store.outbox.add(row)
        scene.store.outbox.update(replace(row, status=status, done_us=NOW_US - 5))
    scene.store.outbox.add(Notification("q", "mail", "u", "trigger", NOW_US - HOUR_US, NOW_US, "m"))
    scene.alerts = AlertSettings(receivers={"pager": ReceiverSettings("pager", None)})  # type: ignore[arg-type]
    scene.ran(scene.add("home"))
    scene.size = scene.store.size(NOW_US)
    scene.host = HostState("ada", 4, 1.25, 3 * 10**9, None, None)

    (page,) = scene.get("/service")
    body = scene.get("/api/v1/service")[0].json()

    for text in ("1 not delivered", "refused", "1 waiting", "nothing sent", "3.0 GB", "1.2", "about 1", "Counted"):
        assert text in page.text
    assert "<script>alert" not in page.text
    assert [item["name"] for item in body["receivers"]][1:] == ["mail", "pager"]
    assert (body["receivers"][1]["delivered"], body["receivers"][1]["waiting"]) == (1, 1)
    assert (body["store"]["runs"], body["host"]["disk_bytes"]) == (1, None)
