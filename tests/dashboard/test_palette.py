"""The palette in a real browser: by keys alone, for screen readers, and without a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.accessibility import AXE, violations

from outrider.dashboard import check_path
from outrider.model import Outcome
from outrider.server import Background, listen

from .conftest import NOW_US

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Route

    from .conftest import Scene

pytestmark = pytest.mark.browser

HOSTILE = "pay <img src=x onerror=alert(1)> 商品の購入手続き" + "long" * 40
OUTLINED = """() => {
  const style = getComputedStyle(document.activeElement)
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
}"""
PLACE = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex]')]
  .indexOf(document.activeElement)"""


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    """The address of pages about a few checks, one of which is down and has a hostile name."""
    scene.ran(scene.add("home"))
    down = scene.add("down", title=HOSTILE)
    scene.ran(down, Outcome.FAILED)
    scene.incident(down, what="status 500", since_us=NOW_US - 60_000_000)
    listener = listen("127.0.0.1", 0)
    background = Background(scene.application, listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    background.close()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """The overview, whose console has to stay empty."""
    complaints: list[str] = []
    page = chromium.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    yield page
    page.context.close()
    assert complaints == []


def options(page: Page, **which: Any) -> Any:
    """Return what the palette lists."""
    return page.get_by_role("dialog").get_by_role("option", **which)


def typed(page: Page, text: str) -> Any:
    """Open the palette, type, and return its options once they are those of the text."""
    page.keyboard.press("/")
    expect(options(page)).not_to_have_count(0)
    page.keyboard.type(text)
    return options(page, selected=True)


@pytest.mark.parametrize("key", ["/", "Control+k"])
def test_a_key_opens_the_search_and_enter_goes_where_it_points(page: Page, key: str, scene: Scene) -> None:
    """The input names the chosen option, as screen readers need it."""
    assert scene.checks is not None
    page.keyboard.press(key)
    search = page.get_by_role("combobox", name="check, run, incident, release or page")
    expect(search).to_be_focused()
    expect(options(page).first).to_contain_text("incident")

    page.keyboard.type("home")
    expect(options(page, selected=True)).to_contain_text("probe:probes/shop.toml::home")
    expect(page.get_by_role("status")).to_have_text("2 results")
    page.keyboard.press("ArrowDown")
    expect(options(page, selected=True)).to_contain_text("passed")
    expect(search).to_have_attribute("aria-activedescendant", "palette-hit-1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(re.escape(check_path(scene.checks[0].id)) + "$"))


def test_enter_before_the_answer_opens_what_was_typed_and_nothing_older(page: Page) -> None:
    """The hits that are listed are of an older text until those of this one come."""
    page.keyboard.press("/")
    expect(options(page)).not_to_have_count(0)

    page.keyboard.type("silences")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/silences$"))


def test_escape_closes_it_and_gives_back_the_focus(page: Page) -> None:
    """A search that is opened again has its text selected."""
    link = page.get_by_role("link", name="Incidents", exact=True)
    link.focus()
    typed(page, "home")

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()
    page.get_by_role("link", name=re.compile("^Search")).click()
    page.keyboard.type("x")
    expect(page.get_by_role("dialog").get_by_role("combobox")).to_have_value("x")


def test_hostile_names_stay_text(page: Page) -> None:
    """What a file of a workspace or a page calls itself runs nothing."""
    chosen = typed(page, "img src")

    expect(chosen).to_contain_text(HOSTILE[:60])
    expect(page.locator("dialog img")).to_have_count(0)


def test_a_search_that_finds_nothing_or_no_server_says_so(page: Page, address: str) -> None:
    """And Enter leads to the page of the search, which says what is wrong."""
    typed(page, "no such thing")
    expect(page.get_by_role("status")).to_have_text("Nothing fits every word.")
    expect(page.get_by_role("dialog").get_by_role("combobox")).to_have_attribute("aria-expanded", "false")

    def away(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body="{")

    page.route("**/api/v1/search?*", away)
    page.keyboard.press("Backspace")
    expect(page.get_by_role("status")).to_contain_text("The server does not answer.")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{address}/search?q=no+such+thin")
    expect(page.get_by_text("Nothing fits every word.")).to_be_visible()


def test_the_keys_are_shown_and_single_ones_can_be_switched_off(page: Page) -> None:
    """Ctrl-K goes on (WCAG 2.1.4); keys that are typed into fields are text."""
    page.get_by_label("name, id or reason").focus()
    page.keyboard.press("?")
    expect(page.get_by_label("name, id or reason")).to_have_value("?")
    page.keyboard.press("Backspace")
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()

    page.get_by_label(re.compile("^Keys that are pressed alone")).uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")

    expect(page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()


def test_without_a_script_the_search_is_a_page(chromium: Browser, address: str) -> None:
    """The same link leads there, and a form asks."""
    page = chromium.new_page(java_script_enabled=False)
    page.goto(address)

    page.get_by_role("link", name="Search").click()
    page.get_by_label("check, run, incident, release or page").fill("home")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="home").first.click()

    expect(page).to_have_url(re.compile(r"shop\.toml::home$"))
    page.context.close()


def test_every_control_is_reached_by_tab_and_shows_its_focus(page: Page, address: str, scene: Scene) -> None:
    """Links, fields, buttons and what scrolls, in the order of the page, on the pages that act."""
    assert scene.checks is not None
    for path in (check_path(scene.checks[1].id), "/silences", "/releases", "/search?q=home"):
        page.goto(address + path)
        wanted = page.locator(
            "a[href]:visible, button:visible, input:visible:not([type=hidden]), select:visible, textarea:visible, "
            "summary:visible, [tabindex]:visible"
        ).count()
        seen, unmarked = set(), []
        for _ in range(wanted):
            page.keyboard.press("Tab")
            seen.add(page.evaluate(PLACE))
            if not page.evaluate(OUTLINED):
                unmarked.append(page.evaluate("document.activeElement.outerHTML"))

        assert (len(seen), unmarked) == (wanted, []), path


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: python hatch_build.py check")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_search_and_keys_can_be_read_by_everybody(chromium: Browser, address: str, scheme: Any) -> None:
    """No violation of axe's rules in light and dark, and no sideways scrolling on a phone."""
    problems, wider = [], []
    page = chromium.new_page(color_scheme=scheme, bypass_csp=True, viewport={"width": 320, "height": 700})
    for path, keys in (("/", ""), ("/", "pay"), ("/", "?"), ("/search?q=pay", None), ("/search?q=zzz", None)):
        page.goto(address + path)
        if keys == "?":
            page.keyboard.press("?")
        elif keys is not None:
            typed(page, keys)
            expect(page.get_by_role("status")).to_contain_text(re.compile("result|the best"))
        problems += violations(page)
        wider.append(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
        wider += page.evaluate("[...document.querySelectorAll('dialog')].map(d => d.scrollWidth - d.clientWidth)")
    page.context.close()

    assert problems == []
    assert set(wider) == {0}
