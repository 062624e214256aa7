"""A prober that was slow itself says so instead of blaming the system under test."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Desk

SETTINGS = """
[defaults]
retries = 0
[journeys]
starved_above = 0.01
"""


@pytest.fixture
def busy_neighbour() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as neighbour:
        yield
        neighbour.kill()


@pytest.mark.browser
@pytest.mark.usefixtures("busy_neighbour")
def test_a_run_on_a_starved_host_is_inconclusive(desk: Desk, site: str) -> None:
    """Whether it passed or failed: neither its durations nor its verdict mean anything."""
    desk.write("outrider.toml", SETTINGS)
    desk.write(
        "journeys/test_both.py",
        "import os\n"
        "def test_green(page): page.goto(os.environ['SITE'])\n"
        "def test_red(page): page.goto(os.environ['SITE']); assert False\n",
    )

    reported = desk.json("run", "--json", SITE=site)

    assert {row["outcome"] for row in reported["runs"]} == {"inconclusive"}
    assert all("host was starved" in row["reason"] for row in reported["runs"])
    assert not any(attempt["measured"] for row in reported["runs"] for attempt in row["attempts"])
    assert reported["exit_code"] == 3
