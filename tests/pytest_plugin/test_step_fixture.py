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


class Suite:
    """A suite of somebody who has Outrider installed."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        pytester.makepyfile(test_a=TESTS)
        pytester.makefile(".ini", pytest=INI)

    def run(self, *arguments: str) -> str:
        """Return what pytest prints, run in this process: soft assertions of pytest-playwright cannot nest."""
        return self.pytester.runpytest_inprocess("-p", "no:playwright", "-W", "error", *arguments).stdout.str()


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    return Suite(pytester)


def test_the_step_table_is_printed_when_asked_for(suite: Suite) -> None:
    """In the order in which steps began, inner ones below their parents, with what failed."""
    printed = suite.run("--outrider")

    table = printed.partition(" steps =")[2]
    rows = re.sub(r" +\d+ ms", "", table).splitlines()
    assert [row.rstrip() for row in rows[1 : rows.index("             no named steps") + 1]] == [
        "test_a.py::test_steps", "  find", "  pay", "    confirm", "  pay (2)",
        "test_a.py::test_async", "  wait",
        "test_a.py::test_red", "  break  FAILED",
        "test_a.py::test_none", "             no named steps",
    ]  # fmt: skip


@pytest.mark.slow
def test_without_the_option_nothing_is_printed(suite: Suite) -> None:
    """The fixture and the marker work in a strict suite; the outcome is pytest's own."""
    done = suite.pytester.runpytest_subprocess("-W", "error")

    done.assert_outcomes(passed=3, failed=1)
    assert done.ret == 1
    assert "no named steps" not in done.stdout.str()


def test_a_suites_own_step_fixture_wins(suite: Suite) -> None:
    """A name that somebody has already is theirs."""
    suite.pytester.makeconftest("""
import contextlib, pytest
@pytest.fixture
def step():
    return lambda name: contextlib.nullcontext(print("mine", name))
""")

    printed = suite.run("-s", "--outrider")

    assert "mine pay" in printed
    assert printed.count("no named steps") == 4


@pytest.mark.parametrize("option", ["--help", "--markers"])
def test_pytest_tells_what_there_is(suite: Suite, option: str) -> None:
    """Somebody who wonders finds it where pytest tells such things."""
    printed = suite.run(option)

    assert "outrider" in printed


@pytest.mark.browser
def test_the_found_browser_is_lent_when_asked_for(tmp_path: Path) -> None:
    """A desk where only the system has a browser runs the same files, without a download of Playwright's."""
    (tmp_path / "test_page.py").write_text("def test_page(page): page.goto('data:text/html,<h1>Hello')")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--outrider"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
