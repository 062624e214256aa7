"""Pages and metrics show whatever the service knows, and one text that cannot be shown hides no other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.alerts.finding import Problem
from outrider.model import CheckView, Claim, HostTurn, Outcome, Release, Sample, ServiceView
from outrider.server.security_headers import HEADERS

from .conftest import CALM, NOW_US

if TYPE_CHECKING:
    from .conftest import Scene

ANY_TEXT = st.text(st.characters(codec=None), max_size=20)
HOSTILE = "<script>alert(1)</script>'\"><img src=x onerror=alert(2)>"


@pytest.mark.slow
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_TEXT)
def test_every_page_answers_whatever_it_shows(scene: Scene, text: str) -> None:
    """The text stands in every field that holds one, and the healthy check beside it is shown."""
    scene.checks = []
    scene.add("healthy")
    scene.add(text, title=text, tags=frozenset({text}), labels={"service": text}, locations=(text,))
    odd = CheckView(
        f"probe:{text}", text, outcome=text, reason=text, runs={text: 1}, samples=(Sample(text, text, 1.0),)
    )
    scene.service = ServiceView(
        leads=True, loaded=True, checks=(odd, CheckView("probe:healthy", "oslo", outcome="passed")),
        problems={text: text}, findings=(text,), ticked_s=0.0, events={text: 1},
        waiting=1, running=1, unjudged=0,
    )  # fmt: skip

    pages = scene.get("/", "/?wall=1", "/metrics", "/readyz")

    assert [page.status_code for page in pages] == [200, 200, 200, 200]
    assert "healthy" in pages[0].text
    assert "healthy" in pages[1].text
    assert 'check="probe:healthy"' in pages[2].text


def test_markup_in_names_stays_text_on_every_page(scene: Scene) -> None:
    """In titles, ids, tags, reasons, incidents, releases, and what the address asks for."""
    odd = scene.add(HOSTILE, title=HOSTILE, tags=frozenset({HOSTILE}), locations=(HOSTILE, "oslo"))
    scene.ran(odd, Outcome.FAILED, reason=HOSTILE)
    scene.incident(odd, what=HOSTILE, acknowledged_by=HOSTILE, release=HOSTILE)
    scene.store.judgements.record_release(Release(HOSTILE, "production", NOW_US - 1))

    pages = scene.get("/", "/?wall=1", f"/?q={HOSTILE}&tag={HOSTILE}&state={HOSTILE}&page={HOSTILE}")

    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img" not in page.text


def test_every_answer_forbids_foreign_scripts_frames_and_referrers(scene: Scene) -> None:
    """Pages, files, health, what is not found, and what a foreign host name asks for; no page has inline code."""
    scene.ran(scene.add("only"))

    answers = scene.get("/", "/static/pages.css", "/healthz", "/nothing", "/static/../secret", "http://evil.example/")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 404, 421]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    page = answers[0].text
    assert " style=" not in page
    assert " onclick" not in page
    assert page.count("<script") == page.count("<script src=")


def test_files_of_pages_are_kept_by_browsers_as_long_as_they_are_the_same(scene: Scene) -> None:
    """An address with the present version lasts; another is asked for again."""
    style = next(part for part in scene.get("/")[0].text.split('"') if "/static/pages.css" in part)

    named, bare = scene.get(style, "/static/pages.css")
    (again,) = scene.get("/static/pages.css", **{"If-None-Match": bare.headers["ETag"]})

    assert "immutable" in named.headers["Cache-Control"]
    assert bare.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert "--page" in named.text


def test_a_store_that_is_away_is_said_and_asked_again(scene: Scene) -> None:
    """With 503, so that no cache and no monitor takes the page for good."""
    scene.ran(scene.add("only"))
    before = scene.get("/")[0].status_code
    scene.store.close()
    database = scene.store.artifacts.where.replace("artifacts", "outrider.db")
    with open(database, "wb") as file:  # noqa: PTH123 - a string at hand
        file.write(b"no database " * 1000)

    (page,) = scene.get("/")

    assert before == 200
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "10"
    assert "The store cannot be read now." in page.text


def test_an_error_of_megabytes_does_not_make_the_page_long(scene: Scene) -> None:
    """What is shown of a reason is a line."""
    scene.ran(scene.add("only"), Outcome.FAILED, reason="x" * 5_000_000)
    scene.incident(scene.add("other"), what="y" * 5_000_000)

    (page,) = scene.get("/")

    assert len(page.content) < 50_000


def test_the_page_lists_who_has_a_turn_on_the_host_and_who_waits(scene: Scene) -> None:
    """With the workspace and process of each, since when, in the workspace's time zone."""
    turns = (
        HostTurn(Claim("journey:a"), "/srv/<shop>", 12, claimed_us=0, began_us=NOW_US),
        HostTurn(Claim("journey:b"), "/srv/other", 13, claimed_us=NOW_US),
    )
    scene.service = replace(CALM, timezone="Asia/Tokyo", turns=turns, running=1, waiting=2, unjudged=3)

    page = scene.get("/")[0].text

    assert "journey:a of /srv/&lt;shop&gt; (process 12), under way since <time" in page
    assert "journey:b of /srv/other (process 13), waiting since" in page
    assert ">21:46</time>" in page
    assert "1 run under way, 2 waiting, 3 not judged yet." in page


def test_the_page_says_what_is_wrong_with_the_service(scene: Scene) -> None:
    """Problems and findings, a standby, and a scheduler that has stopped."""
    scene.service = replace(CALM, problems={"reload": "refused:\nprobes/a.toml:1"}, findings=("a fails in oslo",))
    troubled = scene.get("/")[0].text
    scene.service = replace(CALM, leads=False, is_led=True)
    standby = scene.get("/")[0].text
    scene.service = replace(CALM, leads=False)
    leaderless = scene.get("/")[0].text
    scene.service = replace(CALM, ticked_s=100.0)
    stopped = scene.get("/", "/healthz")

    assert "refused:<br>probes/a.toml:1" in troubled
    assert "a fails in oslo" in troubled
    assert "Another process runs the checks." in standby
    assert "No process runs the checks now." in leaderless
    assert "The scheduler has stopped." in stopped[0].text
    assert stopped[1].status_code == 503


def test_filters_and_pages_are_links_that_can_be_shared(scene: Scene) -> None:
    """Nothing of them needs a script."""
    for number in range(51):
        scene.ran(scene.add(f"p{number}"), Outcome.FAILED)
    scene.incident(scene.add("pay"), Problem.DEGRADATION)

    first, second = (page.text for page in scene.get("/?q=p&state=failing", "/?q=p&state=failing&page=2"))

    assert 'href="/?q=p&amp;state=failing&amp;page=2"' in first
    assert 'rel="prev"' in second
    assert 'value="p"' in first
    assert "<option selected>failing</option>" in first


def test_a_page_that_cannot_be_made_says_so_and_the_others_go_on(scene: Scene) -> None:
    """With the headers of every answer, and without what a stranger should not read."""
    scene.ran(scene.add("only"))
    scene.service = replace(CALM, timezone="Nowhere/Never")
    scene.store.judgements.record_release(Release("v1", "production", NOW_US - 1))

    broken = scene.get("/")[0]
    scene.service = CALM
    well = scene.get("/")[0]

    assert broken.status_code == 500
    assert well.status_code == 200
    assert {name: broken.headers[name] for name in HEADERS} == HEADERS
    assert "Nowhere" not in broken.text
