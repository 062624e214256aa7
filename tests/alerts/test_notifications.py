"""Who is notified of what and when, and who is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.conftest import MINUTE_US, NOW_US, SECOND_US, ladder, symptom

from outrider.alerts.alert_settings import Inhibition, LabelRule, Maintenance, ReceiverSettings
from outrider.alerts.finding import Problem
from outrider.alerts.incident_tracker import IncidentTracker
from outrider.alerts.matcher import parse_matcher
from outrider.alerts.oncall import Level, Override, Rotation
from outrider.alerts.route import Route
from outrider.alerts.time_window import Window
from outrider.model import Acknowledgement, Silence, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.alerts.conftest import Drawer, Story

    from outrider.store import Store

SHOP: dict[str, Any] = {"labels": {"team": "shop"}}


def match(*texts: str) -> Any:
    return tuple(parse_matcher(text) for text in texts)


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [
        ("team=shop", {"team": "shop"}, True),
        ("team=shop", {}, False),
        ("team!=shop", {}, True),
        ("check=~journey:.*pay", {"check": "journey:a/pay"}, True),
        ("check=~journey", {"check": "journey:a"}, False),
        ("check!~journey.*", {"check": "probe:a"}, True),
        ('team="shop"', {"team": "shop"}, True),
        ("team=", {}, True),
    ],
)
def test_matchers_are_those_of_alertmanager(text: str, labels: dict[str, str], *, holds: bool) -> None:
    """Patterns match whole values; a label that is absent is empty."""
    assert parse_matcher(text).holds(labels) is holds


@pytest.mark.parametrize("text", ["team", "=x", "team=~(", "1a=b"])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    """With what to write instead."""
    with pytest.raises(UsageError, match="matcher"):
        parse_matcher(text)


NAMES = st.sampled_from(["a", "b", "c"])
TREES = st.recursive(
    st.builds(Route, name=NAMES, matchers=st.just(()), receivers=st.just(("x",))),
    lambda below: st.builds(
        Route,
        name=NAMES,
        matchers=st.sampled_from([(), match("team=shop"), match("team!=shop"), match("team=~s.*")]),
        receivers=st.just(("x",)),
        goes_on=st.booleans(),
        routes=st.lists(below, max_size=3).map(tuple),
    ),
    max_leaves=10,
)


@given(TREES, st.dictionaries(st.just("team"), st.sampled_from(["shop", "sales", ""])))
def test_whatever_the_root_takes_is_routed(tree: Route, labels: dict[str, str]) -> None:
    """Nothing falls through the tree, and nothing leads to a route that does not match."""
    matched = tree.find(labels)

    assert bool(matched) is all(matcher.holds(labels) for matcher in tree.matchers)
    assert all(route_below in tree.walk() for route_below in matched)
    assert all(matcher.holds(labels) for route in matched for matcher in route.matchers)


def test_routes_go_to_whom_they_match_and_on_where_they_say_so(story: Callable[..., Story]) -> None:
    """The first of brothers wins, unless it goes on."""
    routes = (
        Route("audit", receivers=("log",), goes_on=True),
        Route("shop", match("team=shop"), receivers=("pager",)),
        Route("other", receivers=("chat",)),
    )
    followed = story(route=Route(receivers=("mail",), routes=routes))

    followed.run("xx", "a", **SHOP)
    followed.run("xx", "b")
    followed.wait(5)

    assert [receiver for _, receiver, _ in followed.sent] == ["log", "pager", "log", "chat"]


def test_what_opens_together_is_told_together(story: Callable[..., Story]) -> None:
    """A group waits a little, and later news wait for its interval."""
    followed = story(route=Route(receivers=("mail",), group_by=("team",), wait_us=30 * SECOND_US))
    followed.run("xx", "a", every_s=5, **SHOP)
    followed.run("xx", "b", every_s=5, **SHOP)
    assert followed.sent == []

    followed.wait(30)
    assert [len(message.items) for _, _, message in followed.sent] == [2]
    followed.run("xx", "c", every_s=5, **SHOP)
    followed.wait(60)
    assert followed.kinds == ["trigger"]
    followed.wait(300)

    assert followed.kinds == ["trigger", "update"]
    assert followed.sent[-1][2].subject.endswith("(and 2 more incidents)")


def test_an_incident_that_three_times_as_many_checks_share_is_news(story: Callable[..., Story]) -> None:
    """One check that fails is not a site that is down; the interval holds all the same."""
    followed = story(route=Route(receivers=("mail",)))
    followed.run("xxx", "probe:tls", causes=("host:shop.example",))
    followed.wait(60)
    assert followed.kinds == ["trigger"]
    for name in ("home", "api"):
        followed.run("xxx", f"probe:{name}", causes=("host:shop.example",))
    followed.wait(300)

    assert followed.kinds == ["trigger", "update"]


def test_a_storm_is_one_incident_and_one_message_a_route(story: Callable[..., Story]) -> None:
    """Everybody whose route matches any of the checks is told once."""
    routes = (Route("shop", match("team=shop"), receivers=("pager",)), Route("rest", receivers=("mail",)))
    followed = story(route=Route(routes=routes))

    for _ in range(2):
        followed.now_us += 10 * SECOND_US
        for number in range(200):
            labels: dict[str, Any] = SHOP if number % 2 else {}
            followed.observe(symptom(True, followed.now_us, f"probe:{number}", causes=("host:shop",), **labels))
    followed.wait(30)

    assert len(followed.tracker.incidents) == 1
    assert [(kind, receiver) for kind, receiver, _ in followed.sent] == [("trigger", "mail"), ("trigger", "pager")]
    assert "affects: 200 checks: probe:0, " in followed.sent[0][2].text


def test_windows_hold_messages_back_until_they_open(story: Callable[..., Story]) -> None:
    """What is over by then is not told at all."""
    later = NOW_US + 30 * MINUTE_US
    route = Route(receivers=("mail",), active=("office",))
    followed = story(route=route, windows={"office": Window(from_us=later)})
    followed.run("xx...", "short")
    followed.run("xx", "long")
    assert followed.sent == []

    followed.wait(32 * 60)

    assert [message.items[0].headline for _, _, message in followed.sent] == ["long fails: connection refused"]


@pytest.mark.parametrize(
    ("window", "at", "holds"),
    [
        (Window(("mon", "tue"), 540, 1020), "2027-01-18T09:00", True),  # a Monday
        (Window(("mon", "tue"), 540, 1020), "2027-01-18T17:00", False),
        (Window(("sat",), 540, 1020), "2027-01-18T10:00", False),
        (Window(("mon",), 1320, 360), "2027-01-18T23:00", True),
        (Window(("mon",), 1320, 360), "2027-01-19T05:59", True),
        (Window(("mon",), 1320, 360), "2027-01-18T05:00", False),
        (Window((), 0, 1440, "America/New_York"), "2027-01-18T05:00", True),
        (Window(("sun",), 0, 1440, "America/New_York"), "2027-01-18T04:00", True),
        (Window((), 120, 180, "Europe/Berlin"), "2027-03-28T01:30", False),  # the hour that summer time leaves out
    ],
)
def test_windows_follow_the_clocks_of_their_time_zone(window: Window, at: str, *, holds: bool) -> None:
    """Days are those on which a window begins."""
    from datetime import UTC, datetime

    at_us = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1_000_000)

    assert window.holds(at_us) is holds


def test_a_silence_holds_over_flaps_and_ends_by_itself(story: Callable[..., Story]) -> None:
    """Made before; what still fails afterwards is told."""
    followed = story()
    ends = NOW_US + 10 * MINUTE_US
    followed.tracker.silences = (Silence("s", NOW_US - 1, ends, ("team=shop",), "ada", "deploy"),)

    for _ in range(2):
        followed.run("xx...", **SHOP)
    followed.run("xx", **SHOP)
    assert followed.sent == []
    (incident,) = followed.tracker.incidents.values()
    assert followed.tracker.why_muted(incident, followed.now_us) == "silenced by ada: deploy"
    followed.wait(15 * 60)

    assert followed.kinds == ["trigger"]


def test_a_silence_made_during_an_incident_stops_what_would_follow(story: Callable[..., Story]) -> None:
    """Reminders and escalations, not the end."""
    policy = ladder(Level(60 * SECOND_US, ("boss",)))
    followed = story(route=Route(receivers=("mail",), escalation="shop"), escalations=policy)
    followed.run("xx", **SHOP)
    followed.tracker.silences = (Silence("s", NOW_US, NOW_US + 900 * MINUTE_US, ("team=shop",), "ada", ""),)

    followed.wait(5 * 3600, tick_s=30)
    assert followed.kinds == ["trigger"]
    followed.run("...", **SHOP)

    assert followed.kinds == ["trigger", "resolved"]


def test_maintenance_is_a_silence_that_returns(story: Callable[..., Story]) -> None:
    """By windows."""
    windows = {"deploy": Window(from_us=NOW_US, until_us=NOW_US + 10 * MINUTE_US)}
    followed = story(windows=windows, maintenance=(Maintenance(match("team=shop"), ("deploy",), "deploy"),))

    followed.run("xx", "a", **SHOP)
    followed.run("xx", "b")
    assert [message.items[0].headline for _, _, message in followed.sent] == ["b fails: connection refused"]
    followed.wait(900)

    assert len(followed.sent) == 2


def test_parents_mute_children_and_never_themselves(story: Callable[..., Story]) -> None:
    """What still fails when the parent is well is told."""
    rule = Inhibition(match("tier=host"), match("tier=journey"), ("environment",))
    followed = story(inhibitions=(rule,))
    followed.run("xx", "host", labels={"tier": "host"})
    followed.run("xx", "journey", labels={"tier": "journey"})
    assert len(followed.sent) == 1

    followed.run("...", "host", labels={"tier": "host"})
    followed.wait(301)

    assert [(kind, message.items[0].headline) for kind, _, message in followed.sent][1:] == [
        ("resolved", "host fails: connection refused"),
        ("trigger", "journey fails: connection refused"),
    ]


def test_our_own_network_being_down_mutes_everything_and_says_so(story: Callable[..., Story]) -> None:
    """It is not the targets."""
    followed = story(route=Route(receivers=("mail",), wait_us=15 * SECOND_US))
    for name in ("a", "b"):
        followed.run("xx", name, every_s=0.2)
    followed.run(
        "xx", "a", every_s=0.2, problem=Problem.NETWORK, what="no name server answers", causes=("own network",)
    )

    followed.wait(60)

    ((kind, _, message),) = followed.sent
    assert kind == "trigger"
    assert "no name server answers" in message.subject
    assert message.note == "muted while this lasts: 2 other incidents"


ROTATION = Rotation(("ada", "ben"), NOW_US, 3600 * SECOND_US, (Override("cleo", NOW_US, NOW_US + 60 * SECOND_US),))


@pytest.mark.parametrize(
    ("after_s", "person"), [(-1, ""), (0, "cleo"), (59, "cleo"), (60, "ada"), (3600, "ben"), (7200, "ada")]
)
def test_people_take_turns_and_stand_in(after_s: int, person: str) -> None:
    """Before the first turn nobody is on call."""
    assert ROTATION.on_call(NOW_US + after_s * SECOND_US) == person


PEOPLE = {"ada": ("ada-phone",), "ben": ("ben-phone",), "cleo": ("cleo-phone",)}
LEVELS = (Level(0, rotations=("primary",)), Level(300 * SECOND_US, ("boss",)), Level(300 * SECOND_US, ("all",)))


def climb(story: Callable[..., Story], **more: Any) -> Story:
    rotation = more.pop("rotation", Rotation(("ada", "ben"), 0, 3600 * SECOND_US))
    settings = {
        "route": Route(receivers=("mail",), escalation="shop"),
        "people": PEOPLE,
        "rotations": {"primary": rotation},
        "escalations": ladder(*LEVELS),
    }
    return story(**{**settings, **more})


def test_an_escalation_climbs_until_somebody_acknowledges(story: Callable[..., Story]) -> None:
    """And only those who were told hear the end of it."""
    followed = climb(story)
    followed.run("xx")
    assert followed.sent[0][1] == "mail"
    assert followed.sent[1][1] in {"ada-phone", "ben-phone"}

    followed.wait(301)
    (identity,) = followed.tracker.incidents
    followed.tracker.process_acknowledgement(
        Acknowledgement(identity, followed.now_us, "acknowledge", "ada"), followed.now_us
    )
    followed.wait(3600, tick_s=10)
    followed.run("...")

    assert [receiver for kind, receiver, _ in followed.sent if kind == "escalation"][1:] == ["boss"]
    assert {receiver for kind, receiver, _ in followed.sent if kind == "resolved"} == {
        "mail",
        followed.sent[1][1],
        "boss",
    }


def test_where_nobody_is_on_call_the_next_level_is_called_at_once(story: Callable[..., Story]) -> None:
    """Rather than waiting for nobody."""
    followed = climb(
        story, rotation=Rotation(("ada",), NOW_US * 2, SECOND_US), escalations=ladder(*LEVELS[:2], rounds=1)
    )

    followed.run("xx")

    assert [(kind, receiver) for kind, receiver, _ in followed.sent] == [("trigger", "mail"), ("escalation", "boss")]


def test_a_clock_that_jumps_ahead_climbs_one_level(story: Callable[..., Story]) -> None:
    """A host that slept must not wake everybody at once."""
    followed = climb(story)
    followed.run("xx")
    before = len(followed.sent)

    followed.now_us += 86_400 * SECOND_US
    followed.tracker.tick(followed.now_us)
    followed.collect()

    assert [receiver for kind, receiver, _ in followed.sent[before:] if kind == "escalation"] == ["boss"]
    followed.wait(301)
    assert [receiver for kind, receiver, _ in followed.sent if kind == "escalation"][-1] == "all"


def test_a_clock_that_is_set_back_does_not_delay_a_climb(story: Callable[..., Story]) -> None:
    """Waiting times go on as they were."""
    followed = climb(story)
    followed.run("xx")
    followed.now_us -= 86_400 * SECOND_US
    assert followed.tracker.tick(followed.now_us) == 86_400 * SECOND_US

    followed.wait(301)

    assert [receiver for kind, receiver, _ in followed.sent if kind == "escalation"][-1] == "boss"


def test_policies_follow_each_other_and_rounds_end(story: Callable[..., Story]) -> None:
    """A policy may be climbed again, and handed on."""
    from outrider.alerts.oncall import Escalation

    policies = {
        "shop": Escalation((Level(0, ("first",)), Level(60 * SECOND_US, ("second",))), rounds=2, then="last"),
        "last": Escalation((Level(60 * SECOND_US, ("third",)),)),
    }
    followed = climb(story, escalations=policies)

    followed.run("xx")
    followed.wait(1200)

    called = [receiver for kind, receiver, _ in followed.sent if kind == "escalation"]
    assert called == ["first", "second", "first", "second", "third"]


def test_labels_are_added_by_rules_in_their_order(story: Callable[..., Story]) -> None:
    """A later rule sees what an earlier one added; a runbook is linked."""
    rules = (
        LabelRule(match("check=~probe:.*"), {"team": "shop"}),
        LabelRule(match("team=shop"), {"runbook": "shop.md", "severity": "info"}),
    )
    followed = story(labels=rules, links="https://outrider.example/")

    followed.run("xx")

    message = followed.sent[0][2]
    assert message.subject.startswith("[shop] info: ")
    incident = message.items[0].incident
    assert message.items[0].runbook == f"https://outrider.example/runbooks/shop.md?incident={incident}"
    assert f"runbook: {message.items[0].runbook}" in message.text


def test_a_group_whose_route_is_removed_says_so_and_goes_on_elsewhere(
    store: Store, story: Callable[..., Story], drawer: Drawer
) -> None:
    """A pager that was called would ring for ever, and what lasts would be nobody's, if it ended in silence."""
    known = {name: ReceiverSettings(name, drawer) for name in ("pager", "mail")}
    before = story(route=Route(routes=(Route("shop", receivers=("pager",)),)), receivers=known)
    before.run("xxx")
    before.wait(120)
    for changes in before.changes:
        store.incidents.record(changes)

    after = story(route=Route(receivers=("mail",)), receivers=known)
    after.tracker = IncidentTracker(after.tracker.settings, store.incidents.state(0))
    after.now_us = before.now_us
    after.wait(3_600, tick_s=60)

    assert [(receiver, kind) for kind, receiver, _ in before.sent] == [("pager", "trigger")]
    assert [(receiver, kind) for kind, receiver, _ in after.sent][:2] == [("pager", "resolved"), ("mail", "trigger")]
    assert 'the route "shop" was removed' in after.sent[0][2].note


def test_a_paused_check_reminds_nobody_and_its_incident_stays_open(story: Callable[..., Story]) -> None:
    """However long it is paused: nothing is known of it meanwhile. Its time line says so, and why."""
    followed = story()
    followed.run("xx")
    (identity,) = followed.tracker.incidents

    followed.tracker.use_pauses({"probe:home": "moving house", "probe:other": ""}, followed.now_us)
    for _ in range(60):
        followed.wait(3600, tick_s=600)
        followed.tracker.use_pauses({"probe:home": "moving house"}, followed.now_us)

    incident = followed.tracker.incidents[identity]
    assert (followed.kinds, followed.phases) == (["trigger"], ["open"])
    assert incident.events[-1][1] == "its checks are paused: moving house; nobody is notified until they are resumed"
    assert followed.tracker.why_muted(incident, followed.now_us) == "its checks are paused: moving house"


def test_a_resumed_check_that_still_fails_reminds_and_then_resolves(story: Callable[..., Story]) -> None:
    """It is not taken for absent because it was paused; good runs end the incident, of which everybody is told."""
    followed = story()
    followed.run("xx")
    for _ in range(3):
        followed.tracker.use_pauses({"probe:home": ""}, followed.now_us)
        followed.wait(86_400, tick_s=3600)

    followed.tracker.use_pauses({"probe:home": ""}, followed.now_us)
    followed.tracker.use_pauses({}, followed.now_us)
    followed.wait(400)
    kinds = [*followed.kinds]
    followed.run("...")
    followed.wait(5)

    (incident,) = followed.tracker.incidents.values()
    assert kinds == ["trigger", "reminder"]
    assert followed.kinds[2:] == ["resolved"]
    assert "its checks are resumed: it notifies again" in [what for _, what in incident.events]


def test_an_incident_goes_on_to_notify_while_one_of_its_checks_is_not_paused(story: Callable[..., Story]) -> None:
    """Pausing one of two does not hide the other."""
    followed = story()
    for _ in range(2):
        followed.observe(
            *(symptom(True, followed.now_us, check, causes=("host:shop",)) for check in ("probe:a", "probe:b"))
        )
        followed.wait(10)

    followed.tracker.use_pauses({"probe:a": "known"}, followed.now_us)
    followed.wait(5 * 3600, tick_s=60)

    assert followed.kinds == ["trigger", "reminder"]
