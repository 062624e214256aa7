"""What messages say, which incidents end, and what matchers see of a check."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.alerts.conftest import MINUTE_US, NOW_US, SECOND_US, ladder, symptom

from outrider.alerts.composition import Clock, headline, length
from outrider.alerts.finding import Facts, Problem, check_of
from outrider.alerts.incident import Quote
from outrider.alerts.incident_records import read_incident
from outrider.alerts.matcher import parse_matcher
from outrider.alerts.oncall import Level
from outrider.alerts.route import Route
from outrider.model import Acknowledgement, Silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.alerts.conftest import Story


def test_a_subject_names_what_where_how_much_and_since_when(story: Callable[..., Story]) -> None:
    """In the workspace's time zone, after the release before it."""
    followed = story(timezone="Europe/Berlin")
    facts = Facts(
        "390 ms, usually 120 to 170 (2.7x)", title="Home page", since_us=NOW_US - 7 * MINUTE_US, release="v2.4",
        recent_release="v2.4",
    )  # fmt: skip

    for _ in range(2):
        followed.observe(replace(symptom(True, followed.now_us, problem=Problem.DEGRADATION), facts=facts))
        followed.wait(10)

    assert followed.sent[0][2].subject == (
        "[shop] warning: Home page is slow: 390 ms, usually 120 to 170 (2.7x), since 08:53, after v2.4"
    )
    assert "since: 2027-01-15 08:53:00 CET, for 7 min" in followed.sent[0][2].text


def test_a_subject_names_no_release_of_long_before(story: Callable[..., Story]) -> None:
    """The body has it as the last one: nobody shall take it back for that."""
    followed = story()
    facts = Facts("390 ms", title="Home page", since_us=NOW_US - 7 * MINUTE_US, release="v2.4")

    for _ in range(2):
        followed.observe(replace(symptom(True, followed.now_us, problem=Problem.DEGRADATION), facts=facts))
        followed.wait(10)

    assert followed.sent[0][2].subject == "[shop] warning: Home page is slow: 390 ms, since 07:53"
    assert "last release: v2.4" in followed.sent[0][2].text


def test_an_issue_names_the_release_that_sent_it(story: Callable[..., Story]) -> None:
    """However old that is: it says where, not after what."""
    followed = story()
    facts = Facts("KeyError", title="KeyError #1", release="v2.4")

    for _ in range(2):
        followed.observe(replace(symptom(True, followed.now_us, problem=Problem.ISSUE), facts=facts))
        followed.wait(10)

    assert followed.sent[0][2].subject.endswith(", in v2.4")


def test_the_first_message_waits_a_little_for_what_explains_it(story: Callable[..., Story]) -> None:
    """Each line with its page; later ones do not wait, and a resolution still says it."""
    followed = story(links="https://outrider.example/")
    quotes = (Quote("where the time went", "of +310 ms, +290 ms in SELECT products", "/incidents/1#slower"),)
    followed.run("xx", every_s=1)
    [incident] = followed.tracker.incidents.values()
    followed.tracker.await_explanation(incident.id, followed.now_us + 6 * SECOND_US)
    followed.wait(4)
    assert followed.sent == []

    followed.tracker.explain(incident.id, quotes)
    followed.wait(1)
    followed.tracker.await_explanation(incident.id, followed.now_us + MINUTE_US)
    followed.tracker.explain(incident.id, ())
    followed.run("...", every_s=1)

    line = "where the time went: of +310 ms, +290 ms in SELECT products https://outrider.example/incidents/1#slower"
    assert followed.kinds == ["trigger", "resolved"]
    assert all(line in message.text for _, _, message in followed.sent)
    stored = next(own for changes in reversed(followed.changes) for own in changes.incidents)
    assert read_incident(stored).explanation == quotes


def test_a_message_goes_out_unexplained_rather_than_late(story: Callable[..., Story]) -> None:
    """Six seconds after it was to be looked up; a route that waits longer than that waits as it says."""
    followed = story()
    slow = story(route=Route(receivers=("mail",), wait_us=20 * SECOND_US))
    for own in (followed, slow):
        own.run("xx", every_s=1)
        [incident] = own.tracker.incidents.values()
        own.tracker.await_explanation(incident.id, own.now_us + 6 * SECOND_US)
    slow.tracker.explain(incident.id, ())

    for own in (followed, slow):
        own.wait(7)

    assert (followed.kinds, slow.kinds) == (["trigger"], [])


@pytest.mark.parametrize(
    ("acknowledged", "kinds"), [(False, ["trigger", "update"]), (True, ["trigger", "acknowledged"])]
)
def test_what_is_explained_after_its_first_message_is_told_at_once_and_once(
    story: Callable[..., Story], acknowledged: bool, kinds: list[str]
) -> None:
    """How many users met it explains nothing, nor does a line that says why nothing is known."""
    followed = story()
    followed.run("xx", every_s=1)
    [incident] = followed.tracker.incidents.values()
    users, unknown = Quote("users", "3 of 60"), Quote("where the time went", "not known: spans are missing")
    followed.tracker.explain(incident.id, (users, unknown))
    followed.wait(10)
    if acknowledged:
        followed.tracker.process_acknowledgement(
            Acknowledgement(incident.id, followed.now_us, "acknowledge", "ada"), followed.now_us
        )
    followed.tracker.explain(incident.id, (users,))
    followed.wait(1)
    assert followed.kinds == [kind for kind in kinds if kind != "update"]
    for text in ("charge card of payment", "charge card of payment: 500"):
        followed.tracker.explain(incident.id, (users, Quote("failed span", text)))
        followed.wait(1)

    assert followed.kinds == kinds
    if not acknowledged:
        told = followed.sent[1][2]
        assert told.subject == "[shop] critical, update: home fails: connection refused, since 08:00"
        assert "failed span: charge card of payment" in told.text
        assert told.note == "what explains it was found since"


@pytest.mark.parametrize("again", ["probe:home", "probe:cart"])
def test_what_explained_an_incident_that_was_over_is_not_told_when_it_opens_again(
    story: Callable[..., Story], again: str
) -> None:
    """It is the same incident, and may have another cause; what was looked up too late is not kept either."""
    followed = story()
    followed.run("xx", every_s=1, causes=("host:shop",))
    [incident] = followed.tracker.incidents.values()
    followed.tracker.explain(incident.id, (Quote("suspect", "release v2.4"),), ("release:v2.4",))
    followed.wait(1)
    followed.run("...", every_s=1, causes=("host:shop",))

    began_us = followed.now_us
    followed.run("xx", check=again, every_s=1, causes=("host:shop",))
    followed.tracker.explain(incident.id, (Quote("suspect", "release v2.4"),), shows=incident.shows)
    followed.wait(10)

    [known] = followed.tracker.incidents.values()
    assert (known.since_us, known.began_us, known.named) == (began_us, NOW_US, ())
    assert followed.kinds == ["trigger", "resolved", "trigger"]
    assert ["release v2.4" in message.text for _, _, message in followed.sent] == [True, True, False]
    assert followed.sent[2][2].subject.endswith(", again since 08:00")
    assert "since: 2027-01-15 08:00:06 UTC, for" in followed.sent[2][2].text
    assert "first: 2027-01-15 08:00:00 UTC" in followed.sent[2][2].text


def test_what_explains_one_check_is_not_told_of_another_one(story: Callable[..., Story]) -> None:
    """Once the first is well, messages are about the other, which may have begun later."""
    followed = story()
    followed.run("xx", every_s=10, causes=("host:shop",))
    [incident] = followed.tracker.incidents.values()
    followed.tracker.explain(incident.id, (Quote("slowest span", "SELECT products"),))
    followed.run("xx", check="probe:cart", every_s=10, causes=("host:shop",))
    kept = followed.tracker.incidents[incident.id].explanation

    followed.run(".", every_s=10, causes=("host:shop",))
    followed.run("x", check="probe:cart", every_s=10, causes=("host:shop",))

    [known] = followed.tracker.incidents.values()
    assert [quote.text for quote in kept] == ["SELECT products"]
    assert (check_of(known.lead_subject), known.explanation) == ("probe:cart", ())


def test_a_single_bad_run_changes_nothing_of_an_incident_that_is_over(story: Callable[..., Story]) -> None:
    """What it showed, and what explained it, stay as they were."""
    followed = story()
    followed.run("xx...", every_s=10, causes=("host:shop",))
    [incident] = followed.tracker.incidents.values()
    followed.tracker.explain(incident.id, (Quote("slowest span", "SELECT products"),))
    over = followed.tracker.incidents[incident.id]

    followed.run("x", check="probe:cart", every_s=10, causes=("host:shop",), what="another")

    known = followed.tracker.incidents[incident.id]
    assert (known.lead, known.explanation, known.phase) == (over.lead, over.explanation, over.phase)


def test_details_say_no_headline_that_the_subject_has_said(story: Callable[..., Story]) -> None:
    """Open or over; where the subject had to leave something out, the headline says it."""
    followed = story()
    followed.run("xx", "probe:a", what="refused", every_s=1)
    followed.wait(10)
    followed.run("...", "probe:a", every_s=1)
    followed.run("xx", "probe:b", what="status 500; no heading", every_s=1)
    followed.wait(10)

    opened, over, longer = (message for _, _, message in followed.sent)
    assert opened.text.startswith("a fails: refused\n  check: probe:a\n")
    assert opened.details.startswith("check: probe:a\nsince: ")
    assert over.text.startswith("resolved: a fails: refused\n")
    assert over.details.startswith("check: probe:a\nsince: ")
    assert longer.details == longer.text
    assert longer.text.startswith("b fails: status 500; no heading\n")


def test_a_release_that_came_after_the_problem_began_is_not_what_it_came_after(story: Callable[..., Story]) -> None:
    """The subject does not accuse it; the body says that it came."""
    followed = story()
    facts = Facts("390 ms", title="Home page", since_us=NOW_US - 7 * MINUTE_US, later_release="v2.4")

    for _ in range(2):
        followed.observe(replace(symptom(True, followed.now_us, problem=Problem.DEGRADATION), facts=facts))
        followed.wait(10)

    assert followed.sent[0][2].subject == "[shop] warning: Home page is slow: 390 ms, since 07:53"
    assert "released since it began: v2.4" in followed.sent[0][2].text
    assert "last release" not in followed.sent[0][2].text


def test_a_subject_that_is_over_does_not_begin_with_a_severity(story: Callable[..., Story]) -> None:
    """Pagers filter on it."""
    followed = story()
    for number in range(4):
        followed.run("x", f"probe:p.toml::c{number}", every_s=0.1, causes=("host:shop",), what="status 500")
        followed.run("x", f"probe:p.toml::c{number}", every_s=0.1, causes=("host:shop",), what="status 500")
    followed.wait(10)
    for number in range(4):
        followed.run("...", f"probe:p.toml::c{number}", every_s=1, causes=("host:shop",))

    assert [message.subject for _, _, message in followed.sent] == [
        "[shop] critical: c0 and 3 more fail: status 500, since 08:00",
        "[shop] resolved after 21 s: c0 and 3 more (was: status 500)",
    ]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ('click get_by_text("Pay")', 'time-out waiting for get_by_text("Pay")'),
        ("Pay", 'time-out waiting for get_by_text("Pay") (step: Pay)'),
    ],
)
def test_a_subject_does_not_repeat_what_an_action_waited_for(
    story: Callable[..., Story], step: str, reason: str
) -> None:
    """A step that its author named is worth its words."""
    followed = story()
    facts = Facts(f'time-out waiting for get_by_text("Pay") (step: {step})', title="buy", step=step)

    for _ in range(2):
        followed.observe(replace(symptom(True, followed.now_us), facts=facts))
        followed.wait(10)

    assert followed.sent[0][2].subject == f"[shop] critical: buy fails: {reason}, since 08:00"


def test_the_reason_is_the_one_that_holds_now(story: Callable[..., Story]) -> None:
    """Not that of the first run; once the first check is well, another one leads."""
    followed = story(route=Route(receivers=("mail",), repeat_us=60 * SECOND_US, interval_us=SECOND_US))
    shared: dict[str, Any] = {"causes": ("host:shop",), "every_s": 1}
    followed.run("xx", "a", what="refused", **shared)
    followed.wait(5)
    followed.run("xx", "b", what="status 500", **shared)
    followed.run("x", "a", what="status 503", **shared)
    followed.wait(70)
    followed.run("...", "a", **shared)
    followed.run("x", "b", what="status 502", **shared)
    followed.wait(70)

    headlines = [message.items[0].headline for kind, _, message in followed.sent if kind in {"trigger", "reminder"}]
    assert headlines == ["a fails: refused", "a and 1 more fail: status 503", "b fails: status 502"]
    assert "affects: 2 checks: a (well since 08:01), b\n" in followed.sent[-1][2].text


def test_more_counts_checks_not_confirmations(story: Callable[..., Story]) -> None:
    """A check that relapses, or fails in two places, is one."""
    followed = story()
    for _ in range(3):
        followed.run("xx", "a", every_s=1, causes=("host:shop",))
        followed.run("xx", "a", every_s=1, causes=("host:shop",), step="pay")
        followed.run("xx", "b", every_s=1, causes=("host:shop",))
        followed.run("...", "a", every_s=1)

    (incident,) = followed.tracker.incidents.values()
    assert (incident.check_count, headline(incident)) == (2, "a and 1 more fail: connection refused")


def test_the_first_level_at_once_is_no_complaint(story: Callable[..., Story]) -> None:
    """Nobody could acknowledge yet; the next level says that nobody did."""
    levels = ladder(Level(0, ("pager",)), Level(MINUTE_US, ("boss",)))
    followed = story(route=Route(receivers=("mail",), escalation="shop"), escalations=levels)

    followed.run("xx")
    followed.wait(100)

    subjects = [message.subject for kind, _, message in followed.sent if kind == "escalation"]
    assert subjects[0] == "[shop] critical: home fails: connection refused, since 08:00"
    assert subjects[1] == "[shop] critical, not acknowledged: home fails: connection refused, since 08:00"


def test_a_deleted_check_ends_its_incident_at_once(story: Callable[..., Story]) -> None:
    """Another check of the same incident goes on."""
    followed = story()
    followed.run("xx", "probe:gone", every_s=1)
    followed.run("xx", "probe:both", every_s=1, causes=("host:shop",))
    followed.run("xx", "probe:stays", every_s=1, causes=("host:shop",))
    followed.run("xx", "channel:mail", every_s=1, problem=Problem.OUTRIDER, step="")
    followed.wait(10)

    followed.tracker.keep_checks({"probe:stays"}, followed.now_us)
    followed.wait(10)

    assert followed.phases == ["resolved", "open", "open"]
    (resolved,) = [message for kind, _, message in followed.sent if kind == "resolved"]
    assert "ended: its checks or rules were deleted or switched off" in resolved.text


def test_a_deleted_check_is_told_from_one_whose_name_holds_a_bar() -> None:
    """Parametrised tests have such ids."""
    key = "failure|production|local|journey:t.py::test_a[x|y]|pay"

    assert check_of(key, {"journey:t.py::test_a[x|y]"}) == "journey:t.py::test_a[x|y]"
    assert check_of(key, {"journey:t.py::test_b"}) == "journey:t.py::test_a[x"


@pytest.mark.parametrize(
    ("matcher", "tags", "holds"),
    [
        ("tag=money", "fast,money", True),
        ("tag=mon", "fast,money", False),
        ("tag=~mon.*", "fast,money", True),
        ("tag!=money", "fast,money", False),
        ("tag!=money", "fast", True),
        ("tag!~f.*", "fast,money", False),
        ("tag=", "", True),
        ("tag=money", "", False),
        ("tags=fast,money", "fast,money", True),
    ],
)
def test_a_tag_is_matched_by_membership(matcher: str, tags: str, *, holds: bool) -> None:
    """Whatever other tags there are."""
    assert parse_matcher(matcher).holds({"tags": tags}) is holds


@pytest.mark.parametrize(
    "matcher", ["problem=failure", "trouble=failure", "team=shop", "check=probe:home", "kind=probe"]
)
def test_a_silence_matches_what_a_check_and_its_problem_are(story: Callable[..., Story], matcher: str) -> None:
    """`trouble` is an alias of `problem`; labels of checks match by their own names."""
    followed = story()
    followed.tracker.silences = [Silence("s", 0, NOW_US * 2, (matcher,), "ada", "")]

    followed.run("xx", labels={"team": "shop", "kind": "probe"})

    assert followed.sent == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (43, "43 s"), (60, "1 min"), (3_900, "1 h 5 min"), (180_000, "2 d 2 h")]
)
def test_a_length_of_time_has_at_most_two_units(seconds: int, text: str) -> None:
    """Nobody reads seconds of days."""
    assert length(seconds * SECOND_US) == text


@pytest.mark.parametrize(
    ("back_us", "text"),
    [(0, "08:00"), (9 * 60 * MINUTE_US, "Thu 23:00"), (10 * 24 * 60 * MINUTE_US, "5 Jan 08:00")],
)
def test_a_time_has_as_much_of_its_date_as_tells_it_apart(back_us: int, text: str) -> None:
    """Today's is a time, this week's has its day."""
    assert Clock("UTC", NOW_US).brief(NOW_US - back_us) == text


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|a)*b", "(.*a){25}", "([a-z]+)*[0-9]"])
def test_a_pattern_that_backtracks_for_ever_does_not_hold(pattern: str) -> None:
    """The values of labels are names that targets may have chosen."""
    assert not parse_matcher(f"step=~{pattern}").holds({"step": "a" * 400 + "!"})


def test_a_pattern_that_cannot_be_decided_does_not_hold_negated_either() -> None:
    """A silence mutes nothing, a route passes the incident on."""
    assert not parse_matcher("step!~(.*a){25}").holds({"step": "a" * 400 + "!"})


@pytest.mark.parametrize(("links", "shown"), [("", True), ("https://outrider.example/", False)])
def test_artifacts_are_named_only_where_no_link_leads_to_their_run(
    story: Callable[..., Story], links: str, *, shown: bool
) -> None:
    """Their paths lie on the prober's disk."""
    followed = story(links=links)
    facts = Facts("refused", run="run-1", artifacts=("log 00ff/00ff",))

    for _ in range(2):
        followed.observe(replace(symptom(True, followed.now_us), facts=facts))
        followed.wait(10)

    assert ("artifact: log 00ff/00ff" in followed.sent[0][2].text) is shown
