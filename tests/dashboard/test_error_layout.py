"""Pages of errors in a real browser: they fit every screen, and can be read by everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.accessibility import AXE
from tests.page_patterns import PAGES, misfits, routes_of, unreadable

from outrider.app.errors.issue_actions import change_issues
from outrider.model import Release
from outrider.server import Background, listen

from .conftest import MINUTE_US
from .error_scene import declined, hostile, mapped_error, page_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from .conftest import Scene

pytestmark = pytest.mark.browser

PATHS = (
    "/errors",
    "/errors?q=is:all",
    "/errors?q=is:nothing",
    "/errors/1",
    "/errors/2",
    "/errors/3",
    "/errors/4",
    "/errors/3/personal",
    "/errors/99",
)


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    """Yield the address of a server with issues of three kinds, one of them with a history."""
    scene.store.errors.add([*(declined(number) for number in range(60)), page_error(), hostile(), mapped_error()])
    scene.store.judgements.record_release(Release("2.5.0", "live", mapped_error().at_us - MINUTE_US))
    change_issues(scene.store, "assign", ["1"], {"assignee": "grace"})
    change_issues(scene.store, "comment", ["1"], {"text": "the gateway's certificate has expired"})
    listening = listen("127.0.0.1", 0)
    background = Background(scene.application, listening)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    background.close()


def test_every_page_of_errors_is_looked_at(scene: Scene) -> None:
    """A page that is added without a place here fails."""
    assert routes_of(scene.application, PATHS) == PAGES["errors"]


def test_no_page_scrolls_sideways_and_none_breaks_its_own_policy(address: str, chromium: Browser) -> None:
    """At the widths of a small phone, a phone and a laptop, with everything opened."""
    assert misfits(chromium, address, PATHS, expected="404 (Not Found)") == []


@pytest.mark.skipif(not AXE.is_file(), reason="axe is not installed")
def test_every_page_meets_the_rules_of_accessibility(address: str, chromium: Browser) -> None:
    """Contrast, names of controls, order of headings."""
    assert unreadable(chromium, address, PATHS) == []
