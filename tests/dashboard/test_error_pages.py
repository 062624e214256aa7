"""What pages and the API show of errors, and what people do there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.builders import run_of

from outrider.errors import run_error_events
from outrider.model import (
    AttemptTrace,
    ErrorProject,
    ErrorRecord,
    ErrorSource,
    ErrorUser,
    IssueId,
    IssueQuery,
    IssueState,
    Kind,
    Measurement,
    Outcome,
    Release,
    SessionCount,
)

from .conftest import HOUR_US, NOW_US
from .error_scene import TRACE, declined, hostile, mapped_error, page_error

if TYPE_CHECKING:
    from .conftest import Scene


_ALL = IssueQuery(NOW_US)


def test_the_list_finds_issues_and_says_what_it_cannot_read(scene: Scene) -> None:
    """Open ones by default, and all of a tag."""
    scene.store.errors.add([declined(1), declined(2), page_error(), hostile()])

    everything, found, odd, none = scene.get(
        "/errors", "/errors?q=release:2.4.1+basket", "/errors?q=is:odd", "/errors?q=is:resolved"
    )

    assert "PaymentError" in everything.text
    assert "<script>alert" not in everything.text
    assert "TypeError" in found.text
    assert "PaymentError" not in found.text
    assert "is no state of an issue: write one of open, all, new" in odd.text
    assert "No issue is like that." in none.text


def test_the_list_tells_newcomers_how_errors_come_in(scene: Scene) -> None:
    """Nothing has come in yet."""
    assert "outrider project add checkout" in scene.get("/errors")[0].text


def test_an_issue_shows_its_stack_its_context_and_why_its_events_belong_together(scene: Scene) -> None:
    """The frame that raised comes first, those of libraries are folded, and nobody is recognised."""
    scene.store.errors.add([declined(1), declined(2)])

    page = scene.get("/errors/1")[0].text

    first, second = page.index("<b><bdi>charge</bdi></b>"), page.index("<b><bdi>place_order</bdi></b>")
    assert first < second < page.index("3 frames of libraries")
    assert '<li value="41" class="bad"><code>    answer = gateway.post(' in page
    assert page.index("<bdi>PaymentError") < page.index("caused by</span> <bdi>ConnectionResetError")
    assert "the types PaymentError, caused by ConnectionResetError, and where it was raised" in page
    assert "frame charge in shop.payment" in page
    assert "POST /charges" in page
    assert "an•••@shop.example" in page
    assert "anna." not in page


def test_a_frame_says_where_it_was_in_the_script_and_leads_to_its_line(scene: Scene) -> None:
    """A link needs a path of the repository, and all that its template asks for."""
    scene.store.errors.add([mapped_error(), page_error(threads=())])

    mapped, minified = scene.get("/errors/1", "/errors/2")

    assert "minified: <code>r at https://shop.example/assets/index-B3kd92ka.js:1:48213</code>" in mapped.text
    assert 'href="https://git.example/shop/blob/2.5.0/src/basket.ts#L12"' in mapped.text
    assert "there is one for ~/static/vendor.js in release 2.5.0" in mapped.text
    assert "git.example" not in minified.text


def test_an_issue_names_the_release_before_it_and_a_release_its_new_issues(scene: Scene) -> None:
    """Of the same environment, within a day, and none that another release brought."""
    first_us = mapped_error().at_us
    marks = (("2.5.0", "live", 1), ("2.6.0", "test", 0), ("2.4.0", "live", 2), ("0.9", "live", 99))
    for name, environment, hours in marks:
        scene.store.judgements.record_release(Release(name, environment, first_us - hours * HOUR_US))
    scene.store.errors.add([mapped_error(), declined(900, at_us=first_us, release="2.4.1")])

    issue, releases = scene.get("/errors/1", "/releases")

    assert "suspect: release <bdi>2.5.0</bdi>" in issue.text
    rows = {row.partition("</th>")[0].rpartition("<bdi>")[2]: row for row in releases.text.split("<tr><th")[2:]}
    assert ["TypeError" in rows[f"{name}</bdi>"] for name in ("2.5.0", "2.4.0", "0.9")] == [True, False, False]
    assert "PaymentError" not in releases.text


def test_releases_tell_of_their_sessions(scene: Scene) -> None:
    """Rounded down, beside when the release was marked; a name is text; not on later pages of the list."""
    scene.store.errors.add([replace(page_error(), release="<b>shop@2.4</b>")])
    counts = [SessionCount(1, "live", "shop@2.4", NOW_US, f"u{number}", 100, 1, number % 2) for number in range(5)]
    scene.store.release_health.add([*counts, SessionCount(1, "live", "<b>shop@2.4</b>", NOW_US, "", 1)], 1)
    scene.store.judgements.record_release(Release("2.4", "live", NOW_US - HOUR_US))

    page, found, body, other, odd = scene.get(
        "/releases", "/releases?q=2", "/api/v1/release-health", "/api/v1/release-health?environment=x",
        "/api/v1/release-health?limit=0",
    )  # fmt: skip

    rows = page.text.partition('id="health"')[2].split("<tr><th")[2:]
    assert ["99.80 %" in row and "99.60 %" in row and "60.00 %" in row and "not marked" not in row for row in rows] == [
        True, False,
    ]  # fmt: skip
    assert "&lt;b&gt;shop@2.4" in rows[1]
    assert ">1</a>" in rows[1]
    assert 'id="health"' not in found.text
    first = body.json()["items"][0]
    assert (first["release"], first["sessions"], first["crashed"], first["users"]) == ("shop@2.4", 500, 2, 5)
    assert (first["crash_free_sessions"], first["adoption"]) == (0.996, 500 / 501)
    assert first["live_since"] is not None
    assert (other.json(), odd.status_code) == ({"items": [], "more": False, "visits_unknown": None}, 400)


def test_an_event_leads_to_its_neighbours_and_to_the_run_of_its_trace(scene: Scene) -> None:
    """The trace of a prober's request is in what the service sent."""
    check = scene.add("pay")
    measured = Measurement(Outcome.FAILED, "", NOW_US, 1.0, traces=(AttemptTrace(TRACE, "Pay"),))
    run = run_of(measured, check.id)
    scene.store.runs.record(run)
    scene.store.errors.add([declined(number) for number in (3, 2, 1)])
    middle = declined(2).id

    page = scene.get(f"/errors/1?event={middle}")[0].text

    assert f"?event={declined(1).id}" in page
    assert f"?event={declined(3).id}" in page
    assert f'href="/runs/{run.id}"' in page
    assert "step <bdi>Pay</bdi>" in page
    sent = f'<a href="/errors/1?event={declined(1).id}"><bdi>PaymentError</bdi></a>'
    assert sent in scene.get(f"/runs/{run.id}")[0].text
    assert [answer.status_code for answer in scene.get("/errors/9", "/errors/x", "/errors/1?event=ab")] == [404] * 3


def test_an_event_that_a_run_met_leads_to_it_without_a_trace(scene: Scene) -> None:
    """And the run to the event; a client cannot claim a run."""
    check = scene.add("pay")
    error = ErrorRecord(ErrorSource.REQUEST, "status 500, not 200", step="Pay")
    run = run_of(Measurement(Outcome.FAILED, "", NOW_US, 1.0, errors=(error,)), check.id)
    scene.store.runs.record(run)
    (met,) = run_error_events(run, Kind.PROBE, ErrorProject(1, "shop", "live", 0), lambda text, most: text[:most])
    scene.store.errors.add([met, replace(page_error(), contexts=met.contexts)])

    pages = [scene.get(f"/errors/{number}")[0].text for number in (1, 2)]

    assert [f'href="/runs/{run.id}"' in page for page in pages] == [True, False]
    assert "step <bdi>Pay</bdi>" in pages[0]
    assert f'<a href="/errors/1?event={met.id}"><bdi>HTTP 500</bdi></a>' in scene.get(f"/runs/{run.id}")[0].text


def test_an_issue_is_decided_about_on_its_page_and_each_decision_is_audited(scene: Scene) -> None:
    """Each leads back, and stands in the history."""
    scene.store.errors.add([declined(1), page_error()])

    answers = [
        scene.post("/errors/1/resolve", data={"in": "2.6.0"}),
        scene.post("/errors/1/assign", data={"assignee": " grace "}),
        scene.post("/errors/1/comment", data={"text": "seen"}),
        scene.post("/errors/1/ignore", data={"for": "7d", "events": "100", "escalates": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [303] * 4
    assert answers[0].headers["location"] == "/errors/1?done=issue-resolve"
    issue = scene.store.errors.issue(IssueId(1), NOW_US)
    assert issue is not None
    assert (issue.life.state, issue.assignee) == (IssueState.IGNORED, "grace")
    assert issue.life.ignored is not None
    assert (issue.life.ignored.events, issue.life.ignored.hourly) == (100, 10)
    history = [(note.author, note.action, note.text) for note in scene.store.errors.notes(IssueId(1))]
    assert history == [
        ("local", "resolve", "in 2.6.0"), ("local", "assign", "to grace"), ("local", "comment", "seen"),
        ("local", "ignore", "for 7d, until 100 more events, until it escalates"),
    ]  # fmt: skip
    assert "<b><bdi>local</bdi></b> resolved <bdi>in 2.6.0</bdi>" in scene.get("/errors/1")[0].text
    assert [entry.action for entry in scene.store.audit.search()] == [
        "error.ignore", "error.comment", "error.assign", "error.resolve",
    ]  # fmt: skip


def test_several_issues_are_changed_at_once_and_merged(scene: Scene) -> None:
    """Boxes that are ticked are sent under one name."""
    scene.store.errors.add([declined(1), page_error(), page_error(501, project=2)])

    resolved = scene.post("/errors", data={"issues": ["1", "2"], "action": "resolve"})
    merged = scene.post("/api/v1/errors", json={"issues": ["1", "#2"], "action": "merge"})
    refused = scene.post("/api/v1/errors", json={"issues": ["1", "3"], "action": "merge"})
    unknown = scene.post("/api/v1/errors/77/resolve", json={})

    assert resolved.headers["location"] == "/errors?done=issue-bulk"
    assert scene.store.errors.count(_ALL) == {IssueState.RESOLVED: 1, IssueState.NEW: 1}
    assert merged.json()["id"] == "merge #1 #2"
    assert (refused.status_code, refused.json()["type"]) == (404, "docs/errors.md#unknown-issue")
    assert unknown.status_code == 404
    assert scene.get("/api/v1/errors/2")[0].json()["issue"]["id"] == 1


def test_the_api_lists_issues_and_shows_events_without_their_users(scene: Scene) -> None:
    """A page leads to the next one."""
    scene.store.errors.add([declined(1), page_error(user=ErrorUser(email="a@b.example"))])

    first = scene.get("/api/v1/errors?limit=1&q=sort:events")[0].json()
    second = scene.get(f"/api/v1/errors?limit=1&page={first['next']}")[0].json()
    event = scene.get(f"/api/v1/error-events/{page_error().id}")[0].json()
    wrong = scene.get("/api/v1/errors?q=is:odd")[0]

    assert [len(page["items"]) for page in (first, second)] == [1, 1]
    assert second["next"] is None
    assert (event["event"]["user"]["email"], event["issue"]) == ("a•••@b.example", 2)
    assert (wrong.status_code, wrong.json()["type"]) == (400, "docs/errors.md#bad-parameter")
