"""The public status page: what it says, and what it never says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from tests.dashboard.conftest import DAY_US, HOUR_US, MINUTE_US, NOW_US

from outrider.alerts.finding import Problem
from outrider.alerts.incident import Phase
from outrider.dashboard import StatusPageSources, status_documents, status_page_view
from outrider.dashboard.status_incidents import public_id
from outrider.model import Impact, Outcome, PlannedMaintenance, StatusPhase, StatusUpdate
from outrider.workspace import StatusComponent, StatusPageSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.dashboard.conftest import Scene

    from outrider.dashboard import StatusPageView
    from outrider.model import Check

SCRIPT = "<script>alert(1)</script>\"'&"


def component(name: str = "Checkout", *patterns: str, **changes: str) -> StatusComponent:
    """Return a component of the checks that match patterns."""
    group, text = changes.get("group", ""), changes.get("announce", "")
    return StatusComponent(name, group, changes.get("description", ""), patterns or ("*",), announcement=text)


def sources(scene: Scene, *components: StatusComponent, **changes: object) -> StatusPageSources:
    """Return what the page of a scene is made from."""
    settings = StatusPageSettings("Shop status", components=components or (component(),))
    made = StatusPageSources(
        scene.store, settings, lambda: scene.checks, lambda _checks, _since, _until: (), lambda: NOW_US
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def files(view: StatusPageView) -> dict[str, str]:
    """Return the text of every file."""
    return {name: document.content.decode() for name, document in status_documents(view).items()}


def states(scene: Scene, *components: StatusComponent, **changes: object) -> list[str]:
    """Return the states of components."""
    view = status_page_view(sources(scene, *components, **changes))
    return [part.state.value for part in view.components]


def test_a_good_run_is_operational(scene: Scene) -> None:
    """The sentence, the word, the share and ninety days stand on the page."""
    home = scene.add("home")
    scene.ran(home)

    view = status_page_view(sources(scene))
    page = files(view)["index.html"]

    assert view.state == "operational"
    assert "All systems are operational." in page
    assert "100 % available" in page
    assert 'class="uptime"' in page


@pytest.mark.parametrize(
    ("outcome", "problem", "expected"),
    [
        (Outcome.FAILED, None, "operational"),  # one failed run that no incident confirms
        (Outcome.FAILED, Problem.FAILURE, "down"),
        (Outcome.PASSED, Problem.DEGRADATION, "degraded"),
        (Outcome.PASSED, Problem.CHANGE, "operational"),
        (Outcome.INCONCLUSIVE, None, "no data"),
        (Outcome.SETUP_ERROR, None, "no data"),
        (Outcome.MISSED, None, "no data"),
    ],
)
def test_the_state_of_a_component_follows_confirmed_problems(
    scene: Scene, outcome: Outcome, problem: Problem | None, expected: str
) -> None:
    """A single failed run is no outage; what says nothing of the target is no data."""
    home = scene.add("home")
    scene.ran(home, outcome)
    if problem is not None:
        scene.incident(home, problem)

    assert states(scene) == [expected]


def test_without_incidents_a_failed_run_is_down(scene: Scene) -> None:
    """Where alerts are switched off nothing would ever confirm it."""
    scene.ran(scene.add("home"), Outcome.FAILED)

    assert states(scene, confirms=False) == ["down"]


def test_some_checks_down_are_degraded_and_all_are_down(scene: Scene) -> None:
    """The page as a whole counts the same way."""
    home, pay = scene.add("home"), scene.add("pay")
    scene.ran(home)
    scene.ran(pay, Outcome.FAILED)
    scene.incident(pay)

    view = status_page_view(sources(scene, component("All"), component("Pay", "pay")))

    assert [part.state.value for part in view.components] == ["degraded", "down"]
    assert view.state == "degraded"


def test_an_old_run_a_pause_and_a_deleted_check_are_no_data(scene: Scene) -> None:
    """What is not measured is never operational."""
    old, paused = scene.add("old"), scene.add("paused")
    scene.ran(old, ago_us=2 * HOUR_US)
    scene.ran(paused)
    scene.store.schedule.pause(paused.id, NOW_US)

    assert states(scene, component("a", "old"), component("b", "paused"), component("c", "gone")) == ["no data"] * 3


def test_a_workspace_that_has_no_checks_is_no_data(scene: Scene) -> None:
    """Nothing configured is an empty page, not an error."""
    scene.checks = None

    page = files(status_page_view(sources(scene)))["index.html"]

    assert "</bdi>: no data</h1>" in page
    assert "None in the last 90 days." in page


def test_a_renamed_check_is_found_by_its_former_id(scene: Scene) -> None:
    """The aliases of the workspace hold for patterns, too."""
    home = scene.add("home")
    scene.ran(home)
    former = component("Home", "probe:probes/old.toml::home")

    current = {"probe:probes/old.toml::home": str(home.id)}
    assert states(scene, former, current=lambda name: current.get(name, name)) == ["operational"]


def test_groups_of_one_name_are_one_group(scene: Scene) -> None:
    """In the order in which they are named first."""
    parts = (component("a", group="Shop"), component("b", group="Bank"), component("c", group="Shop"))

    groups = status_page_view(sources(scene, *parts)).groups

    assert [(name, [part.name for part in members]) for name, members in groups] == [
        ("Shop", ["a", "c"]), ("Bank", ["b"]),
    ]  # fmt: skip


def planned(*windows: PlannedMaintenance) -> object:
    """Return what tells of maintenance."""

    def windows_of(_checks: Sequence[Check], _since: int, _until: int) -> Sequence[PlannedMaintenance]:
        return windows

    return windows_of


def test_maintenance_is_shown_before_and_while_it_is_under_way(scene: Scene) -> None:
    """Only the text that is meant for the public is shown."""
    home = scene.add("home")
    scene.ran(home, Outcome.FAILED)
    scene.incident(home)
    ids = frozenset({home.id})
    now = PlannedMaintenance(NOW_US - HOUR_US, NOW_US + HOUR_US, ids, "We move the shop.")
    later = PlannedMaintenance(NOW_US + DAY_US, NOW_US + DAY_US + HOUR_US, ids, "")

    view = status_page_view(sources(scene, planned=planned(now, later)))
    page = files(view)["index.html"]

    assert view.state == "maintenance"
    assert "We move the shop." in page
    assert "Planned maintenance" in page
    assert len(json.loads(files(view)["status.json"])["maintenance"]) == 2


def update(number: int, phase: StatusPhase, text: str, **changes: object) -> StatusUpdate:
    """Return an update of one incident."""
    made = StatusUpdate(f"u{number}", "ab" * 16, NOW_US - HOUR_US + number * MINUTE_US, phase, text)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_operators_incident_makes_its_components_what_it_says_until_it_is_resolved(scene: Scene) -> None:
    """The checks may be well meanwhile: a person knows better."""
    scene.ran(scene.add("home"))
    part = component()
    first = update(1, StatusPhase.INVESTIGATING, "We look.", title="Pay", impact=Impact.DOWN, components=(part.id,))
    log = scene.store.status_updates
    log.record(first)

    during = status_page_view(sources(scene, part))
    log.record(update(2, StatusPhase.RESOLVED, "It works again."))
    after = status_page_view(sources(scene, part))

    assert (during.state, after.state) == ("down", "operational")
    assert [told.text for told in after.incidents[0].updates] == ["It works again.", "We look."]
    assert "Past incidents" in files(after)["index.html"]
    assert f"incidents/{'ab' * 16}.html" in files(after)


def test_what_was_told_stays_when_its_component_goes(scene: Scene) -> None:
    """What operators wrote is the public's record, without the name that is gone; a rule tells of what is there."""
    home = scene.add("home")
    scene.ran(home, Outcome.FAILED)
    scene.incident(home)
    told, kept = component("Home", "home", announce="We look."), component("Other", "other")
    scene.store.status_updates.record(
        update(1, StatusPhase.RESOLVED, "It is over.", title="Pay", impact=Impact.DOWN, components=(told.id, kept.id))
    )

    before = status_page_view(sources(scene, told, kept))
    after = status_page_view(sources(scene, kept))

    assert [incident.title for incident in before.incidents] == ["Home has problems", "Pay"]
    (stays,) = after.incidents
    assert (stays.title, after.named(stays.components)) == ("Pay", ("Other",))
    assert not any("Home" in text for text in files(after).values())


def test_an_incident_of_a_chosen_check_opens_one_of_the_page_by_rule(scene: Scene) -> None:
    """With the public text of the component, and it ends with the incident."""
    home, other = scene.add("home"), scene.add("other")
    for check in (home, other):
        scene.ran(check, Outcome.FAILED)
    quiet = component("Other", "other")
    told = component("Home", "home", announce="We are looking into it.")
    incident = scene.incident(home)
    scene.incident(other)

    (opened,) = status_page_view(sources(scene, told, quiet)).incidents
    scene.store.status_updates.record(
        StatusUpdate("u1", opened.id, NOW_US - MINUTE_US, StatusPhase.IDENTIFIED, "The bank is down.")
    )
    (updated,) = status_page_view(sources(scene, told, quiet)).incidents
    scene.incident(home, id=incident.id, phase=Phase.RESOLVED, ended_us=NOW_US)
    (over,) = status_page_view(sources(scene, told, quiet)).incidents

    assert (opened.id, opened.title) == (public_id(incident.id), "Home has problems")
    assert opened.updates[0].text == "We are looking into it."
    assert (updated.phase, updated.updates[0].text) == ("identified", "The bank is down.")
    assert over.is_over


def test_nothing_of_the_workspace_leaks_into_any_file(scene: Scene) -> None:
    """Ids, paths, titles, tags, labels, addresses, errors, places, releases and reasons are canaries."""
    canary: dict[str, Any] = {
        "title": "canary-title", "tags": frozenset({"canary-tag"}), "labels": {"team": "canary-label"},
        "environment": "canary-environment", "locations": ("canary-location",),
    }  # fmt: skip
    check = scene.add("canary-name", **canary)
    scene.ran(check, Outcome.FAILED, reason="canary-reason http://canary-address.example/secret")
    incident = scene.incident(check, what="canary-what", labels={"team": "canary-label"}, release="canary-release")
    part = component("Checkout", "tag:canary-tag", announce="We look.")
    window = PlannedMaintenance(NOW_US - 1, NOW_US + HOUR_US, frozenset({check.id}), "")
    own = sources(scene, part, planned=planned(window))

    view = status_page_view(own)
    served = files(view)

    assert [told.title for told in view.incidents] == ["Checkout has problems"]
    for name, text in served.items():
        for word in ("canary", str(incident.id), str(check.id), "probes/", "milepost"):
            assert word not in text + name, (word, name)


def test_script_in_every_name_and_text_is_text(scene: Scene) -> None:
    """Page, feed, badge and JSON stay what they are."""
    scene.ran(scene.add("home"))
    part = component(SCRIPT, group=SCRIPT, description=SCRIPT, announce=SCRIPT)
    scene.store.status_updates.record(
        update(1, StatusPhase.INVESTIGATING, SCRIPT, title=SCRIPT, impact=Impact.DOWN, components=(part.id,))
    )
    own = sources(scene, part)
    settings = replace(own.settings, title=SCRIPT, description=SCRIPT)

    served = files(status_page_view(replace(own, settings=settings)))

    assert "<script" not in "".join(served[name] for name in served if name != "status.json")
    assert json.loads(served["status.json"])["title"] == SCRIPT
    feed = ElementTree.fromstring(served["feed.atom"])
    assert feed.findtext("{http://www.w3.org/2005/Atom}title") == SCRIPT
    assert ElementTree.fromstring(served["badge.svg"]).findtext("{http://www.w3.org/2000/svg}title")


def test_files_ask_nothing_of_another_host_and_link_only_to_each_other(scene: Scene) -> None:
    """So that any web server can serve them below any path."""
    scene.ran(scene.add("home"))
    scene.store.status_updates.record(update(1, StatusPhase.INVESTIGATING, "We look.", title="Pay"))

    served = files(status_page_view(sources(scene, component("お支払い"), component("Größe", group="Läden"))))

    for name, text in served.items():
        if name.endswith(".html"):
            assert "http" not in text.replace('http-equiv="', ""), name
            links = [part.split('"')[0] for part in text.split('href="')[1:]]
            up = name.count("/") * "../"
            known = {*served, "./", "#main"}
            assert {link.removeprefix(up).partition("?")[0] for link in links} <= known, (name, links)
    assert "お支払い" in served["index.html"]
    assert "Läden" in served["index.html"]


def test_the_feed_is_atom_with_an_entry_for_each_incident(scene: Scene) -> None:
    """Its updates are its text, the latest first; links lead to where the public reads."""
    log = scene.store.status_updates
    log.record(update(1, StatusPhase.INVESTIGATING, "We look.", title="Pay"))
    log.record(update(2, StatusPhase.RESOLVED, "Over."))
    atom = "{http://www.w3.org/2005/Atom}"

    own = sources(scene)
    own = replace(own, settings=replace(own.settings, url="https://status.example/"))
    feed = ElementTree.fromstring(files(status_page_view(own))["feed.atom"])
    entry = feed.find(f"{atom}entry")

    assert entry is not None
    assert entry.findtext(f"{atom}title") == "Pay (resolved)"
    text = entry.findtext(f"{atom}content") or ""
    assert text.index("Over.") < text.index("We look.")
    link = entry.find(f"{atom}link")
    assert link is not None
    assert link.get("href") == f"https://status.example/incidents/{'ab' * 16}.html"
