"""Plain pytest, with Outrider installed."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

INI = """
[pytest]
addopts = --strict-markers --strict-config -p no:cacheprovider
asyncio_default_fixture_loop_scope = function
"""

TESTS = """
import asyncio
import pytest

pytestmark = pytest.mark.outrider(every="1m", tags=["money"])

def test_steps(step):
    with step("find"):
        pass
    with step("pay"):
        with step("confirm"):
            pass
    with step("pay"):
        pass

def test_async(step):
    async def walk():
        with step("wait"):
            await asyncio.sleep(0)
    asyncio.run(walk())

def test_red(step):
    with step("break"):
        assert 1 == 2

def test_none(): pass
"""


def run(folder: Path, *arguments: str, conftest: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "test_a.py").write_text(TESTS)
    (folder / "conftest.py").write_text(conftest)
    (folder / "pytest.ini").write_text(INI)
    command = [sys.executable, "-m", "pytest", "-W", "error", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_step_table_is_printed_when_asked_for(tmp_path: Path) -> None:
    """In the order in which steps began, inner ones below their parents, with what failed."""
    done = run(tmp_path, "--outrider")

    table = done.stdout.partition(" steps =")[2]
    rows = re.sub(r" +\d+ ms", "", table).splitlines()
    assert [row.rstrip() for row in rows[1 : rows.index("             no named steps") + 1]] == [
        "test_a.py::test_steps", "  find", "  pay", "    confirm", "  pay (2)",
        "test_a.py::test_async", "  wait",
        "test_a.py::test_red", "  break  FAILED",
        "test_a.py::test_none", "             no named steps",
    ]  # fmt: skip


def test_without_the_option_nothing_is_printed(tmp_path: Path) -> None:
    """The fixture and the marker work in a strict suite; the outcome is pytest's own."""
    done = run(tmp_path)

    assert done.returncode == 1
    assert "3 passed" in done.stdout
    assert "1 failed" in done.stdout
    assert "no named steps" not in done.stdout


def test_a_suites_own_step_fixture_wins(tmp_path: Path) -> None:
    """A name that somebody has already is theirs."""
    own = """
import contextlib, pytest
@pytest.fixture
def step():
    return lambda name: contextlib.nullcontext(print("mine", name))
"""

    done = run(tmp_path, "-s", "--outrider", conftest=own)

    assert "mine pay" in done.stdout
    assert done.stdout.count("no named steps") == 4


@pytest.mark.parametrize("option", ["--help", "--markers"])
def test_pytest_tells_what_there_is(tmp_path: Path, option: str) -> None:
    """Somebody who wonders finds it where pytest tells such things."""
    done = run(tmp_path, option)

    assert "outrider" in done.stdout


@pytest.mark.browser
def test_the_found_browser_is_lent_when_asked_for(tmp_path: Path) -> None:
    """A desk where only the system has a browser runs the same files, without a download of Playwright's."""
    (tmp_path / "test_page.py").write_text("def test_page(page): page.goto('data:text/html,<h1>Hello')")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--outrider"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
