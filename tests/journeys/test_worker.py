"""What a worker tells pytest before it starts."""

from __future__ import annotations

import pytest

from outrider.journeys.worker import arguments_beside


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
