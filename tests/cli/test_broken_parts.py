"""One broken part of a workspace costs itself only: its checks are listed and say why, and all others run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

PATHS = ("zero", "good", "ends", "absent", "left", "ignored")
SETTINGS = f"""
[journeys]
starved_above = 1.0
paths = [{", ".join(f'"suites/{path}"' for path in PATHS)}]
[defaults]
retries = 0
"""
PASSES = 'def test_{name}(page): page.goto("data:text/html,<h1>{name}</h1>")\n'
ROOT_CONFTEST = """
def pytest_collection_modifyitems(config, items):
    left = [item for item in items if "/left/" in str(item.path)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]
"""
OPTION = "def pytest_addoption(parser): parser.addoption('--shop', default='here')\n"
ASKS = """
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_good(page, pytestconfig, number):
    page.goto(f"data:text/html,<h1>{pytestconfig.getoption('shop')}</h1>")

def test_without_fixture(no_such_fixture): pass
"""
FILES = {
    "pytest.ini": "[pytest]\n",
    "conftest.py": ROOT_CONFTEST,
    "suites/zero/conftest.py": "import sys\nsys.exit(3)\n",
    "suites/zero/test_zero.py": PASSES.format(name="zero"),
    "suites/good/conftest.py": OPTION,
    "suites/good/test_good.py": ASKS,
    "suites/good/test_syntax.py": "def test_syntax(:\n",
    "suites/good/test_library.py": "import no_such_library\n" + PASSES.format(name="library"),
    "suites/good/inner/conftest.py": "import no_such_library\n",
    "suites/good/inner/test_inner.py": "class TestInner:\n    def test_in_class(self, page): pass\n",
    "suites/ends/test_ends.py": "import os\nos._exit(7)\n" + PASSES.format(name="ends"),
    "suites/absent/conftest.py": "import no_such_library\n",
    "suites/absent/test_absent.py": PASSES.format(name="absent"),
    "suites/left/test_left.py": PASSES.format(name="left"),
    "suites/ignored/conftest.py": 'collect_ignore_glob = ["*"]',
    "suites/ignored/test_ignored.py": PASSES.format(name="ignored"),
}


@pytest.fixture(scope="module")
def broken(desk: Desk) -> Desk:
    desk.write("outrider.toml", SETTINGS)
    for path, text in FILES.items():
        desk.write(path, text)
    return desk


@pytest.fixture(scope="module")
def runs(broken: Desk) -> dict[str, Any]:
    runs = broken.json("run", "--json")["runs"]
    return {run["check"].removeprefix("journey:suites/"): (run["outcome"], run["reason"]) for run in runs}


def test_all_that_is_whole_runs(runs: dict[str, Any]) -> None:
    """The option of its own conftest included, although a conftest before it ends the interpreter."""
    passed = {check for check, (outcome, _) in runs.items() if outcome == "passed"}

    assert passed == {"good/test_good.py::test_good[1]", "good/test_good.py::test_good[2]"}


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("zero/test_zero.py::test_zero", "SystemExit(3) while it was imported (suites/zero/conftest.py:2)"),
        ("good/test_good.py::test_without_fixture", "fixture 'no_such_fixture' not found"),
        ("good/test_syntax.py", "SyntaxError: "),
        ("good/test_library.py::test_library", "No module named 'no_such_library' (suites/good/test_library.py:1)"),
        ("good/inner/test_inner.py::TestInner::test_in_class", "No module named 'no_such_library' (suites/good/inner/"),
        ("ends/test_ends.py::test_ends", "the journey worker ended unexpectedly"),
        ("absent/test_absent.py::test_absent", "No module named 'no_such_library' (suites/absent/conftest.py:1)"),
        ("left/test_left.py::test_left", "deselected by a plug-in or a conftest"),
        ("ignored/test_ignored.py::test_ignored", "pytest collects nothing here"),
    ],
)
def test_what_is_broken_is_a_setup_error_with_the_reason(runs: dict[str, Any], check: str, reason: str) -> None:
    """Under the name that its file gives it, so that its history goes on."""
    outcome, said = runs[check]

    assert outcome == "setup error"
    assert reason in said


def test_everything_is_listed(broken: Desk, runs: dict[str, Any]) -> None:
    """What cannot be collected is not forgotten."""
    listed = {check["id"].removeprefix("journey:suites/") for check in broken.json("ls", "--json")}

    assert listed == set(runs)
