"""Pages of lists under bad input: nothing there, odd addresses, names of every kind, times to come, many rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.alerts import AlertSettings, Rotation
from outrider.alerts.incident import Phase
from outrider.model import Annotation, Outcome, Release, StoredGate, new_run_id

from .conftest import DAY_US, HOUR_US, MINUTE_US, NOW_US, check

if TYPE_CHECKING:
    from .conftest import Scene

PAGES = (
    "/", "/incidents", "/on-call", "/what-would-happen", "/silences", "/releases", "/gates", "/reports", "/service",
    "/without-data", "/annotations", "/errors", "/search", "/status-page",
)  # fmt: skip
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'\u202e{{7*7}}"
NAMES = (HOSTILE, "商品の購入手続き", "Straßenbahnhaltestellenübersicht", "a\nb", "\u0000", "🛒" * 50)
ODD = (
    "page=99999999999999999999999", "page=10000000000000000000000",
    "page=-1", "before=9.9.9", "before=99999999999999999.x", "after=%FF%FE",
    "state=%00", "q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", "verdict=x&commit=%27%20OR%201=1", "why=%0A",
    "done=x", "days=1e9",
    "labels=%3D%3D&matchers=((((",
)  # fmt: skip


def test_every_list_is_asked_oddly(scene: Scene) -> None:
    """A page that is added is tested here, too; those of access and of telemetry have tests of their own."""
    elsewhere = {"/account", "/audit", "/tokens", "/settings"}

    assert scene.fixed_pages - elsewhere == set(PAGES)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_without_anything_says_so(scene: Scene, path: str) -> None:
    """Also while the workspace is being loaded."""
    (empty,) = scene.get(path)
    scene.checks, scene.alerts = None, None
    (loading,) = scene.get(path)

    assert (empty.status_code, loading.status_code) == (200, 200)


@pytest.mark.parametrize("path", PAGES)
def test_an_odd_question_gets_a_page(scene: Scene, path: str) -> None:
    """Parameters that cannot be read count as not given, and no text of an address becomes markup."""
    scene.ran(scene.add("only"))
    scene.store.judgements.record_release(Release("v1", "production", NOW_US - HOUR_US))

    answers = scene.get(*(f"{path}?{query}" for query in ODD))

    assert {answer.status_code for answer in answers} == {200}
    assert not any("<script>alert" in answer.text for answer in answers)


@pytest.mark.parametrize("path", PAGES)
def test_a_name_is_text_wherever_it_stands(scene: Scene, path: str) -> None:
    """In titles, releases, decisions, rotations, reasons: script, other alphabets, line breaks, zeros."""
    for number, name in enumerate(NAMES):
        own = scene.add(f"c{number}", title=name, tags=frozenset({name}), labels={"team": name})
        scene.ran(own, Outcome.FAILED, reason=name)
        scene.incident(own, what=name)
        scene.incident(own, what=name, phase=Phase.RESOLVED, ended_us=NOW_US)
        scene.store.judgements.record_release(Release(name, "production", NOW_US - number * HOUR_US))
        at_us = NOW_US - number
        gate = StoredGate(
            str(new_run_id(at_us)), at_us, name[:40], "fail", name, 1.0, "", {"fail": 1}, ((own.id, name, "fail"),)
        )
        scene.store.gates.record(gate)
        scene.store.annotations.record(Annotation(str(new_run_id(at_us)), at_us, name, (), name))
    scene.alerts = AlertSettings(rotations={name: Rotation((name,), NOW_US - 1, DAY_US) for name in NAMES})

    (page,) = scene.get(path)

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "onerror=alert(1)>" not in page.text.replace("&gt;", "")
    assert "\x00" not in page.text


def test_what_is_due_in_the_future_breaks_no_page(scene: Scene) -> None:
    """A clock that was set back leaves runs, incidents, releases and decisions ahead of now."""
    only = scene.add("only")
    run = scene.ran(only, ago_us=-30 * DAY_US)
    incident = scene.incident(only, since_us=NOW_US + DAY_US)
    scene.store.judgements.record_release(Release("v9", "production", NOW_US + 400 * DAY_US))
    at_us = NOW_US + 9_000 * DAY_US
    scene.store.gates.record(StoredGate(str(new_run_id(at_us)), at_us, "5eed", "pass", "", 1.0))

    pages = scene.get(*PAGES, f"/runs/{run.id}", f"/incidents/{incident.id}", f"/checks/{only.id}")

    assert {page.status_code for page in pages} == {200}


def test_what_names_a_deleted_or_renamed_check_leads_on(scene: Scene) -> None:
    """Its page is there as long as its history, by its former id, too."""
    gone = check("gone")
    scene.store.checks.record([gone], NOW_US - DAY_US)
    scene.ran(gone, Outcome.FAILED)
    old, new = check("old"), scene.add("new")
    scene.store.checks.record([old], NOW_US - DAY_US)
    scene.ran(old)
    scene.store.checks.rename(old.id, new.id, NOW_US)
    incident = scene.incident(gone)

    listed, deleted, renamed, one = scene.get(
        "/without-data", f"/checks/{gone.id}", f"/checks/{old.id}", f"/incidents/{incident.id}"
    )

    assert "not in the workspace" in listed.text
    assert (deleted.status_code, renamed.status_code, one.status_code) == (200, 200, 200)
    assert "<bdi>new</bdi>" in renamed.text


def test_a_list_of_a_thousand_is_a_page_of_fifty(scene: Scene) -> None:
    """Of decisions, releases and incidents: a page stays small, and leads on."""
    only = scene.add("only")
    for number in range(1_000):
        at_us = NOW_US - number * MINUTE_US
        scene.store.gates.record(StoredGate(str(new_run_id(at_us)), at_us, "5eed", "pass", "", 1.0))
        scene.store.judgements.record_release(Release(f"v{number}", "production", at_us))
        scene.incident(only, phase=Phase.RESOLVED, since_us=at_us, ended_us=NOW_US)

    pages = scene.get("/gates", "/releases", "/incidents")

    assert [page.text.count("</tr>") for page in pages[::2]] == [51, 51]
    assert all('rel="next"' in page.text for page in pages)
    assert all(len(page.content) < 150_000 for page in pages)
