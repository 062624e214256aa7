"""What a worker tells pytest before it starts."""

from __future__ import annotations

import pytest

from outrider.journeys.worker import arguments_beside
from outrider.journeys.worker_process import explained


@pytest.mark.parametrize(
    ("installed", "arguments"),
    [
        ({"pytest_playwright"}, []),
        ({"pytest_playwright", "xdist"}, ["-n0"]),
        ({"pytest_playwright", "pytest_playwright_asyncio"}, ["-p", "no:playwright"]),
        ({"pytest_playwright_asyncio", "xdist"}, ["-n0"]),
    ],
)
def test_plugins_that_are_installed_beside_us_get_their_say(installed: set[str], arguments: list[str]) -> None:
    """Nothing runs in other processes, and of two plugins that exclude each other the one works that somebody added."""
    assert arguments_beside(installed.__contains__) == arguments


def test_a_library_that_the_system_lacks_is_named() -> None:
    """As in a small container; what is not known is quoted."""
    printed = (
        "driver/node: error while loading shared libraries: libatomic.so.1: cannot open shared object file\nTraceback"
    )

    assert explained(printed).startswith("Playwright needs libatomic.so.1, which this system lacks")
    assert explained("ERROR: no such option") == "its last output:\nERROR: no such option"
