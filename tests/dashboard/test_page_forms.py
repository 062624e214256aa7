"""Forms of pages in a real browser: with scripts by keyboard alone, without scripts by clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.page_patterns import opened

from outrider.alerts import Phase
from outrider.dashboard import check_path
from outrider.model import Kind, LoadSecond, Outcome, new_run_id
from outrider.server import Background, listen

from .conftest import HOUR_US, NOW_US
from .test_running_load import begun
from .test_status_editor import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator

    from .conftest import Scene

pytestmark = pytest.mark.browser

MOST_TABS = 80
EVER_US = 2**62
JAPANESE = "証明書を更新中 <b>&"


class Person:
    """Somebody who fills in forms: by keyboard alone where scripts are on."""

    def __init__(self, browser: Browser, address: str, *, has_scripts: bool) -> None:
        self.address = address
        self.has_scripts = has_scripts
        self.complaints: list[str] = []
        self.page = opened(browser, address, self.complaints, java_script_enabled=has_scripts)
        self.main = self.page.get_by_role("main")

    def goto(self, path: str) -> None:
        self.page.goto(self.address + path)

    def write(self, label: str, text: str) -> None:
        """Write into a field what it then holds."""
        field = self.main.get_by_role("textbox", name=label)
        if self.has_scripts:
            self._walk_to(field)
            self.page.keyboard.press("ControlOrMeta+A")
            self.page.keyboard.insert_text(text)
        else:
            field.fill(text)

    def tick(self, label: str) -> None:
        box = self.main.get_by_role("checkbox", name=label)
        if self.has_scripts:
            self._walk_to(box)
            self.page.keyboard.press("Space")
        else:
            box.check()

    def press(self, name: str) -> None:
        """Press a button, and wait for the page that it leads to."""
        button = self.main.get_by_role("button", name=name, exact=True)
        with self.page.expect_navigation():
            if self.has_scripts:
                self._walk_to(button)
                self.page.keyboard.press("Enter")
            else:
                button.click()

    def is_told(self, words: str) -> None:
        expect(self.page.get_by_role("status").first).to_contain_text(words)

    def _walk_to(self, control: Locator) -> None:
        """Reach a control with the Tab key from the beginning of the page."""
        self.page.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges()")
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if control.evaluate("control => control === document.activeElement"):
                return
        raise AssertionError(f"{control} is not reached with the Tab key")


@pytest.fixture(params=[True, False], ids=["keyboard", "no scripts"])
def person(request: pytest.FixtureRequest, chromium: Browser, scene: Scene) -> Iterator[Callable[[], Person]]:
    """Begins once the scene is made: pages are those of the checks that there are then."""
    backgrounds, people = [], []

    def begin() -> Person:
        listener = listen("127.0.0.1", 0)
        backgrounds.append(Background(scene.application, listener))
        people.append(Person(chromium, f"http://127.0.0.1:{listener.getsockname()[1]}", has_scripts=request.param))
        return people[0]

    yield begin
    people[0].page.close()
    backgrounds[0].close()
    assert people[0].complaints == []


def changes(scene: Scene) -> list[str]:
    """Return what the audit log has, the first first."""
    return [entry.action for entry in reversed(scene.store.audit.search())]


def test_a_check_is_run_paused_and_resumed(person: Callable[[], Person], scene: Scene) -> None:
    """The page says what came of it, and offers what is possible then."""
    pay = scene.add("pay")
    scene.ran(pay)
    someone = person()

    someone.goto(check_path(pay.id))
    someone.press("Run now")
    someone.is_told("A run was requested.")
    someone.write("because", JAPANESE)
    someone.press("Pause")
    someone.is_told("The check is paused")
    (pause,) = scene.store.schedule.pauses()
    scene.paused(pay)
    someone.goto(check_path(pay.id))
    someone.press("Resume")
    someone.is_told("The check is resumed.")

    assert [asked.check for asked in scene.store.schedule.asked()] == [pay.id]
    assert (pause.reason, scene.store.schedule.pauses()) == (JAPANESE, ())
    assert changes(scene) == ["check.run", "check.pause", "check.resume"]


def test_what_a_form_was_answered_with_stays_when_the_page_renews_itself(
    person: Callable[[], Person], scene: Scene
) -> None:
    """It is there until somebody goes on, not until the next run is stored."""
    pay = scene.add("pay")
    scene.ran(pay)
    someone = person()

    someone.goto(check_path(pay.id))
    someone.press("Run now")
    scene.ran(pay, Outcome.FAILED, reason="it broke just now")
    if someone.has_scripts:
        expect(someone.main).to_contain_text("it broke just now", timeout=30_000)

    someone.is_told("A run was requested.")


def test_an_incident_is_assigned_commented_on_acknowledged_and_resolved(
    person: Callable[[], Person], scene: Scene
) -> None:
    """What is written stands on the time line as it was written."""
    incident = scene.incident(scene.add("pay"))
    someone = person()

    someone.goto(f"/incidents/{incident.id}")
    someone.write("to", "グレース")
    someone.press("Assign")
    someone.is_told("is being assigned")
    someone.write("Comment", JAPANESE)
    someone.press("Comment")
    expect(someone.page.get_by_role("region", name="Time line")).to_contain_text(f"local: {JAPANESE}")
    someone.press("Acknowledge")
    someone.is_told("You have acknowledged this incident")
    someone.press("Resolve")
    someone.is_told("is being resolved")

    done = [(made.action, made.assignee) for made in scene.store.incidents.acknowledgements()]
    assert done == [("assign", "グレース"), ("acknowledge", ""), ("close", "")]
    assert changes(scene) == [f"incident.{action}" for action in ("assign", "comment", "acknowledge", "resolve")]


def test_an_incident_is_silenced_after_a_look_at_what_that_mutes(person: Callable[[], Person], scene: Scene) -> None:
    """The way begins at the incident; the preview keeps what was written, and what cannot be is said."""
    pay = scene.add("pay")
    incident = scene.incident(pay, labels={"check": pay.id})
    someone = person()

    someone.goto(f"/incidents/{incident.id}")
    someone.page.get_by_role("link", name="Silence…").press("Enter")
    someone.is_told("This mutes 1 open incident and 1 check.")
    someone.write("For how long", "2h")
    someone.write("Matchers", f"check={pay.id}\nteam=shop")
    someone.press("Preview")
    expect(someone.main).to_contain_text("team")
    expect(someone.main.get_by_role("textbox", name="For how long")).to_have_value("2h")
    before = scene.store.silences.ending_after(NOW_US)
    someone.write("Matchers", f"check={pay.id}")
    someone.write("Why", JAPANESE)
    someone.press("Silence")
    someone.is_told("The silence has begun.")
    (silence,) = scene.store.silences.ending_after(NOW_US)
    expect(someone.page.get_by_role("rowheader")).to_contain_text(JAPANESE)
    someone.press(f"End the silence of check={pay.id}")
    someone.is_told("The silence has ended.")

    assert (before, silence.comment, silence.ends_us - silence.starts_us) == ((), JAPANESE, 2 * HOUR_US)
    assert scene.store.silences.ending_after(silence.ends_us - 1) == ()
    assert changes(scene) == ["silence.add", "silence.end"]


def test_releases_are_marked_and_notes_made_and_removed(person: Callable[[], Person], scene: Scene) -> None:
    """Both are on their pages at once."""
    scene.add("pay", tags=frozenset({"shop"}))
    someone = person()

    someone.goto("/releases")
    someone.write("Name", "v2.4 <b>")
    someone.tick("Learn the level")
    someone.press("Mark it live now")
    someone.is_told("The release is marked.")
    expect(someone.page.get_by_role("rowheader")).to_have_text("v2.4 <b>")
    someone.goto("/annotations")
    someone.write("What happened", JAPANESE)
    someone.write("When", "2024-10-04T11:30")
    someone.write("On checks", "tag=shop")
    someone.press("Note it")
    someone.is_told("It is noted")
    (mark,) = scene.store.annotations.between(0, EVER_US)
    someone.press(f"Remove {JAPANESE}")
    someone.is_told("The annotation is removed.")

    (release,) = scene.store.judgements.releases()
    assert (release.name, release.accepted) == ("v2.4 <b>", True)
    assert (mark.text, mark.matchers) == (JAPANESE, ("tag=shop",))
    assert scene.store.annotations.between(0, EVER_US) == ()
    assert changes(scene) == ["release.mark", "annotation.add", "annotation.remove"]


def test_the_public_is_told_on_its_page(person: Callable[[], Person], scene: Scene) -> None:
    """With the components that are named."""
    (scene.root / "outrider.toml").write_text(PAGE)
    scene.ran(scene.add("home"))
    someone = person()

    someone.goto("/status-page")
    someone.write("Title", "Payments fail")
    someone.write("Text", JAPANESE)
    someone.write("Components", "Checkout")
    someone.press("Publish")
    someone.is_told("is on the status page")

    (update,) = scene.store.status_updates.search()
    assert (update.title, update.text, update.components is not None) == ("Payments fail", JAPANESE, True)
    assert changes(scene) == ["status-page.open"]


def test_what_is_over_can_only_be_commented_on(person: Callable[[], Person], scene: Scene) -> None:
    """Nothing is offered that would be refused."""
    over = scene.incident(scene.add("pay"), phase=Phase.RESOLVED, ended_us=NOW_US - 1)
    someone = person()

    someone.goto(f"/incidents/{over.id}")

    buttons = [button.inner_text() for button in someone.main.get_by_role("button").all()]
    assert buttons == ["Comment"]


def test_a_load_that_runs_is_seen_running(chromium: Browser, scene: Scene) -> None:
    """Second by second, with no reload of the page."""
    rush, run = scene.add("rush", Kind.LOAD), new_run_id(NOW_US)
    begun(scene, rush, run, seconds=5)
    listener = listen("127.0.0.1", 0)
    background = Background(scene.application, listener)
    complaints: list[str] = []
    page = opened(chromium, f"http://127.0.0.1:{listener.getsockname()[1]}/runs/{run}", complaints)
    page.evaluate("window.isTheSame = true")
    expect(page.locator("tr.now td").first).to_have_text("5")

    second = LoadSecond(run, rush.id, NOW_US, 5.0, 77, 100.0, 0.0, 12.0, 40.0, None, 90.0)
    scene.store.load_progress.record([second])

    expect(page.locator("tr.now td").first).to_have_text("77", timeout=30_000)
    assert page.evaluate("window.isTheSame") is True
    assert complaints == []
    page.close()
    background.close()
