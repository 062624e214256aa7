"""Incidents at the command line, in processes of their own, as people use it beside whatever makes the runs."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import run_of
from tests.mail_server import mail_server

from outrider.alerts import AlertProcessor, AlertSettings, read_alerts
from outrider.model import AlertChanges, Measurement, Outcome
from outrider.store import Store
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Desk

FILE = """
[receiver.file]
kind = "command"
run = ["sh", "-c", "cat >> told.jsonl"]

[receiver.broken]
kind = "command"
run = ["false"]

[route]
receivers = ["file"]
[[route.routes]]
name = "night"
match = ["team=night"]
receivers = ["broken"]
escalation = "all"

[escalation.all]
[[escalation.all.level]]
rotations = ["primary"]

[person.ada]
receivers = ["file"]

[rotation.primary]
people = ["ada"]
start = 2026-01-05T09:00:00Z
"""


def fail(store: Store, alerting: AlertProcessor, count: int, check: str = "probe:home", why: str = "refused") -> None:
    now_us = time.time_ns() // 1000
    for number in range(count):
        at_us = now_us - (count - number) * 60_000_000
        run = run_of(Measurement(Outcome.FAILED, why, at_us, 5.0), check)
        store.runs.record(run)
        alerting.process_run(run, [])


@pytest.fixture(scope="module")
def watched(desk: Desk) -> Desk:
    """A workspace with an incident that lasts."""
    desk.in_process = True
    desk.write("scheduler/alerts.toml", FILE)
    with opened(desk.root) as store:
        fail(store, AlertProcessor(store, settings(desk), time.time_ns() // 1000), 2)
    return desk


def opened(root: Path) -> Store:
    workspace = load(root)
    return Store.open(workspace.store_url, artifacts=workspace.artifacts_url)


def settings(desk: Desk) -> AlertSettings:
    return read_alerts(load(desk.root), {})


def test_incidents_are_listed_and_taken_on(watched: Desk) -> None:
    """Whoever keeps the incidents hears it from the store."""
    (incident,) = watched.json("incidents", "--json")["incidents"]
    assert (incident["phase"], incident["severity"]) == ("open", "critical")
    assert "home fails: refused" in watched.outrider("incidents").stdout

    reported = watched.json("ack", incident["id"][-6:], "--by", "ada", "--json")
    assert reported == {"incident": incident["id"], "action": "acknowledge", "by": "ada"}
    with opened(watched.root) as store:
        AlertProcessor(store, settings(watched), 0).ticked(time.time_ns() // 1000)

    (incident,) = watched.json("incidents", "--json")["incidents"]
    assert (incident["phase"], incident["acknowledged_by"]) == ("acknowledged", "ada")


def test_an_incident_is_assigned_and_commented_on(watched: Desk) -> None:
    """Its time line says who, and messages say who works on it."""
    (incident,) = watched.json("incidents", "--json")["incidents"]
    own = incident["id"][-6:]

    assigned = watched.json("assign", own, "grace", "--by", "ada", "--json")
    commented = watched.json("comment", own, "証明書 of http://user:geheim@shop", "--by", "ada", "--json")
    watched.json("ack", own, "--by", "grace", "--comment", "looking", "--json")
    with opened(watched.root) as store:
        AlertProcessor(store, settings(watched), 0).ticked(time.time_ns() // 1000)
    printed = watched.outrider("incidents", own).stdout
    listed = watched.json("incidents", own, "--json")
    neither = watched.outrider("assign", own)

    assert assigned == {"incident": incident["id"], "assigned_to": "grace", "by": "ada"}
    assert commented == {"incident": incident["id"], "by": "ada"}
    assert [words in printed for words in ("assigned to grace by ada", "ada: 証明書", "grace: looking")] == [True] * 3
    assert (listed["assigned_to"], [comment["author"] for comment in listed["comments"]]) == ("grace", ["ada", "grace"])
    assert neither.returncode == 2
    assert "--nobody" in neither.stderr


NOON_US = 1_795_867_200_000_000


def test_what_happened_to_an_incident_is_printed_with_what_is_not_kept(watched: Desk) -> None:
    """Only the latest events are kept, and a reader sees how many there were before them."""
    with opened(watched.root) as store:
        (row,) = store.incidents.search(lasting=True, limit=None)
        fields = json.loads(row.state)
        (check,) = fields["checks"]
        more = {"earlier_events": 1_234, "checks": [check, "probe:b"], "recovered": {"probe:b": NOON_US}}
        state = json.dumps(fields | more)
        store.incidents.record(AlertChanges(incidents=(replace(row, state=state),)))

    printed = watched.outrider("incidents", row.id[-12:])
    unknown = watched.outrider("incidents", "nothing")

    assert "1,234 earlier events are not kept" in printed.stdout
    assert f" check {check} probe:b well since 2026-11-28 12:00:00 what happened" in " ".join(printed.stdout.split())
    assert "  opened\n" in printed.stdout
    assert unknown.returncode == 2


def test_an_incident_that_is_not_there_is_said(watched: Desk) -> None:
    """With those that are."""
    done = watched.outrider("ack", "nothing")

    assert done.returncode == 2
    assert "[unknown-incident]" in done.stderr


def test_silences_are_made_listed_and_ended(watched: Desk) -> None:
    """And say why somebody is not told."""
    (made,) = watched.json("silence", "check=probe:home", "--for", "2h", "--comment", "deploy", "--json")
    (incident,) = watched.json("incidents", "--json")["incidents"]
    assert incident["muted"].endswith(": deploy")
    assert made["ends_us"] - made["starts_us"] == 7_200_000_000

    assert watched.json("silence", "--end", made["id"][-8:], "--json") == []
    done = watched.outrider("silence", "team")
    assert (done.returncode, "[bad-matcher]" in done.stderr) == (2, True)
    assert watched.outrider("silence", "--end", "x").returncode == 2
    assert watched.outrider("silence", "a=b", "--for", "long").returncode == 2


def test_a_silence_says_what_it_mutes(watched: Desk) -> None:
    """One that mutes nothing is warned of; a label that nothing has is refused."""
    watched.write("probes/shop.toml", '[home]\nkind = "http"\nurl = "http://127.0.0.1:9/"\nlabels = {team = "shop"}\n')

    muting = watched.outrider("silence", "check=probe:home")
    by_label = watched.outrider("silence", "team=shop")
    empty = watched.outrider("silence", "check=~journeys/.*")
    unknown = watched.outrider("silence", "taem=shop")

    assert muting.stdout.startswith("mutes 1 open incident and 0 checks\n")
    assert by_label.stdout.startswith("mutes 0 open incidents and 1 check\n")
    assert "warning: matches no check and no open incident; labels are check, environment, " in empty.stderr
    assert (unknown.returncode, "[unknown-label]" in unknown.stderr) == (2, True)
    assert 'did you mean "team"' in unknown.stderr


def test_who_is_on_call_is_said(watched: Desk) -> None:
    """Of each rotation."""
    (rotation,) = watched.json("oncall", "--json")

    assert (rotation["rotation"], [turn["person"] for turn in rotation["turns"]]) == ("primary", ["ada"])
    assert "ada" in watched.outrider("oncall").stdout


def test_a_route_is_tried_with_one_marked_message_each(watched: Desk) -> None:
    """Its escalation included; a channel that fails is said."""
    assert watched.json("alerts", "test", "root", "--json") == [{"receiver": "file", "delivered": True, "note": ""}]
    text = (watched.root / "told.jsonl").read_text()
    assert text.count("test: Outrider can reach you") == 1

    done = watched.outrider("alerts", "test", "night")
    assert done.returncode == 1
    assert "broken: NOT delivered: false ended with 1" in done.stdout
    assert "file: delivered" in done.stdout
    assert "[unknown-route]" in watched.outrider("alerts", "test", "day").stderr


def test_what_could_not_be_delivered_is_visible(watched: Desk) -> None:
    """After the test of a route that is broken."""
    watched.outrider("alerts", "test", "night")

    assert watched.json("incidents", "--json")["undelivered"]["broken"][0] >= 1
    assert "broken: " in watched.outrider("incidents").stderr


def test_rules_are_tried_on_what_was_stored(watched: Desk) -> None:
    """How many incidents there would have been, and how short."""
    with opened(watched.root) as store:
        alerting = AlertProcessor(store, replace(settings(watched), receivers={}), 0)
        fail(store, alerting, 1, "probe:blip", "answered 503")

    every, configured, strict = watched.json("backtest", "--rule", "3 of 5", "--json")

    assert (every["rule"], every["incidents"], every["short"]) == ("every bad run", 2, 1)
    assert (configured["incidents"], configured["short"]) == (1, 0)
    assert (configured["by_part"], configured["weak"]) == ({"failure": 1}, 0)
    assert (strict["rule"], strict["incidents"]) == ("3 of 5", 0)
    assert "shorter than two runs" in watched.outrider("backtest", "--list").stdout
    assert watched.outrider("backtest", "--rule", "5 of 3").returncode == 2


def test_a_recipient_that_is_refused_is_named_by_a_test(watched: Desk) -> None:
    """The others got the message."""
    with mail_server() as inbox:
        inbox.refused = {"cleo@shop.example": "550 no such user"}
        mail = f'[receiver.mail]\nkind = "mail"\nserver = "{inbox.server}"\n'
        mail += 'to = ["ada@shop.example", "cleo@shop.example"]\n'
        route = '[[route.routes]]\nname = "posted"\nmatch = ["team=x"]\nreceivers = ["mail"]\n'
        watched.write(
            "scheduler/alerts.toml", FILE.replace("[escalation.all]\n", f"{route}\n[escalation.all]\n") + mail
        )

        done = watched.outrider("alerts", "test", "posted")

    watched.write("scheduler/alerts.toml", FILE)
    assert done.returncode == 1
    assert "mail: delivered, but not to all: the mail server refused cleo@shop.example: 550 no such user" in done.stdout
    assert inbox.recipients == [["ada@shop.example"]]


def test_incidents_are_listed_without_the_secrets(watched: Desk) -> None:
    """Somebody on another machine has only the store."""
    watched.write("scheduler/alerts.toml", FILE + '[receiver.hook]\nkind = "webhook"\nurl = "${HOOK}"\n')

    done = watched.outrider("incidents")

    watched.write("scheduler/alerts.toml", FILE)
    assert (done.returncode, "home fails: refused" in done.stdout) == (0, True)
    assert "names HOOK, which is not set" in done.stderr


def test_problems_of_the_file_are_told_by_validate(watched: Desk) -> None:
    """With those of all the others."""
    watched.write("scheduler/alerts.toml", FILE.replace('["broken"]', '["pager"]'))

    done = watched.outrider("validate")

    watched.write("scheduler/alerts.toml", FILE)
    assert done.returncode == 2
    assert 'names the receiver "pager", which does not exist' in done.stderr
