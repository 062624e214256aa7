"""Pages of incidents, releases and the service."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from outrider.alerts.finding import Problem
from outrider.alerts.incident import Phase
from outrider.alerts.message import Item, Message, dump
from outrider.alerts.notification_kind import NotificationKind
from outrider.dashboard import incident_detail, incident_list, release_list
from outrider.model import AlertChanges, Notification, Outcome, Release, Status, StoredIncident, new_run_id

from .conftest import CALM, DAY_US, HOUR_US, MINUTE_US, NOW_US, check

if TYPE_CHECKING:
    from .conftest import Scene

HOSTILE = "<script>alert(1)</script>"


def test_open_incidents_come_first_and_old_ones_are_left_out(scene: Scene) -> None:
    """One that cannot be read is counted, and hides no other."""
    only = scene.add("only")
    over = scene.incident(only, phase=Phase.RESOLVED, ended_us=NOW_US - MINUTE_US)
    lasting = scene.incident(only, since_us=NOW_US - 5 * DAY_US)
    scene.incident(only, since_us=NOW_US - 200 * DAY_US, phase=Phase.RESOLVED, ended_us=NOW_US - 190 * DAY_US)
    scene.incident(only, phase=Phase.PENDING)
    broken = StoredIncident("broken", "open", NOW_US, None, "{}")
    scene.store.incidents.record(AlertChanges(incidents=(broken,)))

    everything = incident_list(scene.sources)
    still = incident_list(scene.sources, only_lasting=True)

    assert [incident.id for incident in (*everything.lasting, *everything.incidents)] == [lasting.id, over.id]
    assert (everything.total, everything.lasting_count, everything.unreadable) == (3, 2, 1)
    assert [incident.id for incident in still.incidents] == [lasting.id]
    assert scene.get("/incidents", "/incidents?state=open&before=x&page=99999999999999999999")[1].status_code == 200


def test_incidents_follow_each_other_by_cursor_without_a_limit(scene: Scene) -> None:
    """Each is on exactly one page, however many there are; a name finds any of them."""
    only = scene.add("only")
    ids = {
        scene.incident(only, phase=Phase.RESOLVED, since_us=NOW_US - number * MINUTE_US, ended_us=NOW_US).id
        for number in range(1, 1_106)
    }
    lasting = {scene.incident(only, since_us=NOW_US - number * MINUTE_US).id for number in range(1, 56)}

    seen: list[str] = []
    address = "/incidents"
    for _ in range(30):
        (page,) = scene.get(address)
        seen += re.findall(r'href="/incidents/([0-9a-f-]{36})"', page.text)
        if 'rel="next"' not in page.text:
            break
        address = page.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    detail = scene.get(f"/incidents/{min(ids)}")[0]

    assert len(seen) == len(set(seen)) == 1_105 + 50
    assert set(seen) >= ids
    assert len(lasting - set(seen)) == 5
    assert detail.status_code == 200


def test_an_incident_shows_its_evidence_time_line_and_who_was_notified(scene: Scene) -> None:
    """With links to its run and checks; texts of others are text. Messages that merely lead to it are not listed."""
    only = scene.add("only", title=HOSTILE)
    run = scene.ran(only, Outcome.FAILED)
    incident = scene.incident(only, what=HOSTILE, labels={"runbook": "pay.md", "team": HOSTILE})
    facts = replace(incident.lead, run=run.id, observed="500", expected="200 to 399", errors=(HOSTILE,))
    incident = scene.incident(only, what=HOSTILE, id=incident.id, lead=facts, labels=incident.labels)
    earlier = scene.incident(only, since_us=NOW_US - DAY_US, phase=Phase.RESOLVED, ended_us=NOW_US - DAY_US + 1)
    scene.incident(only, Problem.DEGRADATION)
    message = incident_message(incident.id, "")
    other = incident_message("another", f"http://o.example/incidents/{incident.id}")
    sent = (
        ("mail", Status.DELIVERED, message), (HOSTILE, Status.UNDELIVERED, message), ("sms", Status.DELIVERED, other)
    )  # fmt: skip
    for receiver, status, text in sent:
        row = Notification(
            str(new_run_id(NOW_US)), receiver, "topic", "trigger", NOW_US - MINUTE_US, NOW_US, text,
            status, 2, NOW_US, HOSTILE,
        )  # fmt: skip
        scene.store.outbox.add(replace(row, status=Status.QUEUED, done_us=None))
        scene.store.outbox.update(row)

    detail = incident_detail(scene.sources, incident.id)
    page, by_end = scene.get(f"/incidents/{incident.id}", f"/incidents/{incident.id[-8:]}")

    assert [(row.receiver, row.status) for row in detail.notifications] == [
        ("mail", "delivered"), (HOSTILE, "undelivered"),
    ]  # fmt: skip
    assert [other.id for other in detail.similar] == [earlier.id]
    assert (page.status_code, by_end.status_code) == (200, 200)
    assert HOSTILE not in page.text
    for text in ("200 to 399", "pay.md", f"/runs/{run.id}", "opened", "undelivered"):
        assert text in page.text


def incident_message(incident: str, suspect: str) -> str:
    """Return a message about an incident as the outbox keeps it, with a line about a suspect."""
    item = Item(incident, "pay fails", (("suspect", suspect),), "open", NOW_US)
    return dump(Message(NotificationKind.TRIGGER, "topic", "pay fails", "critical", (item,), NOW_US))


def test_an_incident_names_its_checks_and_what_they_share_in_words(scene: Scene) -> None:
    """Titles as configured, of deleted checks as made of their ids; no key of ours is on the page."""
    pay, gone = scene.add("pay", title="Pay by card"), check("gone")
    key = "failure|production|"
    causes = (f"{key}host:shop.example", f"{key}fault:status # <b>", f"{key}check:{pay.id}", f"{key}own network")
    incident = scene.incident(pay, checks=(pay.id, gone.id), check_count=2, causes=causes)

    (page,) = scene.get(f"/incidents/{incident.id}")

    assert "<dd>host shop.example; the same fault; own network</dd>" in page.text
    assert "<bdi>Pay by card</bdi></a>" in page.text
    assert "<bdi>gone</bdi></a>" in page.text
    assert key not in page.text


@pytest.mark.parametrize("name", ["none-such", "%00", "..%2f..", "x" * 3_000, "0", "%3Cscript%3E"])
def test_an_incident_that_is_none_is_not_found(scene: Scene, name: str) -> None:
    """The answer says so, and is short."""
    scene.incident(scene.add("only"))

    (page,) = scene.get(f"/incidents/{name}")

    assert page.status_code == 404
    assert len(page.content) < 5_000


def test_releases_name_what_began_within_a_day_after_each(scene: Scene) -> None:
    """Of the same environment, and before the next release."""
    only = scene.add("only")
    for name, ago_us in (("v1", 30 * HOUR_US), ("v2", 3 * HOUR_US), (HOSTILE, 40 * DAY_US)):
        scene.store.judgements.record_release(Release(name, "production", NOW_US - ago_us))
    scene.store.judgements.record_release(Release("other", "staging", NOW_US - 2 * HOUR_US))
    labels = {"environment": "production"}
    after_first = scene.incident(only, what="first", since_us=NOW_US - 29 * HOUR_US, labels=labels)
    after_second = scene.incident(only, what="second", labels=labels)

    lines = release_list(scene.sources).lines
    (page,) = scene.get("/releases")

    assert [(line.release.name, [incident.id for incident in line.incidents]) for line in lines] == [
        ("other", []), ("v2", [after_second.id]), ("v1", [after_first.id]), (HOSTILE, []),
    ]  # fmt: skip
    assert page.status_code == 200
    assert HOSTILE not in page.text


def test_the_service_page_says_how_checks_run(scene: Scene) -> None:
    """Problems, the queue, receivers that fail, and how late runs began; without anything it says that all is well."""
    calm = scene.get("/service")[0].text
    row = Notification("1", "pager", "t", "trigger", NOW_US, NOW_US, "m")
    scene.store.outbox.add(row)
    scene.store.outbox.update(replace(row, status=Status.UNDELIVERED, done_us=NOW_US, note="refused"))
    scene.service = replace(
        CALM, problems={"store": "it is full"}, waiting=7, lags=((0.1, 90), (1, 5), (None, 3)), events={"reload": 2}
    )
    troubled = scene.get("/service")[0].text

    assert "Checks run as they should." in calm
    assert "No receiver is set up" in calm
    for text in ("Checks do not run as they should.", "it is full", "1 not delivered", "refused", "within 0.1 s"):
        assert text in troubled
    assert "<dt>after 0.1 to 1 s</dt><dd>5</dd>" in troubled
    assert "<dt>after more than 1 s</dt><dd>3</dd>" in troubled


def test_lists_without_anything_say_what_would_be_there(scene: Scene) -> None:
    """A new workspace has nothing, and its pages lead on."""
    pages = scene.get("/incidents", "/incidents?state=open", "/releases")

    assert "There was no incident in ninety days." in pages[0].text
    assert "No incident is open." in pages[1].text
    assert "outrider release v2.4" in pages[2].text


def test_a_check_that_is_well_again_is_marked_while_its_incident_lasts(scene: Scene) -> None:
    """Others may still be affected."""
    pay, home = check("pay"), check("home")
    well: dict[str, Any] = {"checks": (pay.id, home.id), "check_count": 2, "recovered": {home.id: NOW_US - MINUTE_US}}
    lasts = scene.incident(pay, **well, unwell_checks=1)
    over = scene.incident(pay, **well, phase=Phase.RESOLVED, ended_us=NOW_US)

    pages = scene.get(f"/incidents/{lasts.id}", f"/incidents/{over.id}")

    assert [page.text.count("well since") for page in pages] == [1, 0]


def test_a_runbook_is_shown_as_text_whatever_it_holds(scene: Scene) -> None:
    """Markdown becomes HTML, HTML stays text, and a link leads to web pages only."""
    scene.runbooks["team/pay.md"] = (
        f"# Pay\n\n1. roll back\n\n{HOSTILE}\n\n[wiki](https://w.example) [x](javascript:alert(1)) "
        "![p](//e.example/p.png)"
    )

    page, absent = scene.get("/runbooks/team/pay.md", "/runbooks/..%2Foutrider.toml")

    assert page.status_code == 200
    assert "<h1>Pay</h1>" in page.text
    assert "<li>roll back</li>" in page.text
    assert HOSTILE not in page.text
    assert '<a href="https://w.example">wiki</a>' in page.text
    assert 'href="javascript' not in page.text
    assert "<img" not in page.text
    assert absent.status_code == 404
    assert "unknown-runbook" in absent.text


def test_a_runbook_is_filled_in_for_an_incident(scene: Scene) -> None:
    """What targets sent is text there too, whatever Markdown it is; an unknown incident fills nothing."""
    scene.runbooks["failure.md"] = "# {{ check }}\n\n{{ what }}\n\n```sh\noutrider show {{ run }}\n```\n"
    incident = scene.incident(scene.add("home"), what="[x](https://e.example) <b>", labels={})

    page, unknown = scene.get(f"/runbooks/failure.md?incident={incident.id}", "/runbooks/failure.md?incident=nonsense")

    assert f"<h1>{incident.checks[0]}</h1>" in page.text
    assert "<p>[x](https://e.example) &lt;b&gt;</p>" in page.text
    assert f'href="/incidents/{incident.id}"' in page.text
    assert (unknown.status_code, "outrider show RUN" in unknown.text) == (200, True)
