"""One broken part of a workspace costs itself only: its checks are listed and say why, and all others run."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import Desk, invoke

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

PATHS = ("zero", "good", "ends", "absent", "left", "ignored")
SETTINGS = f"""
[journeys]
starved_above = 1.0
paths = [{", ".join(f'"suites/{path}"' for path in PATHS)}]
[defaults]
retries = 0
[env]
DECLARED = "said-by-the-workspace"
"""
MACHINE = {"MACHINE_WORD": "said by the machine 'only'", "MACHINE_FLAG": "true"}
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
SAYS = """
import os

def words(): return {name: os.environ[name] for name in ("MACHINE_WORD", "MACHINE_FLAG", "DECLARED")}
def test_in(): assert "NOPE_VAR" in os.environ
def test_equal(): assert dict(os.environ) == {}
def test_message(): assert os.environ.get("NOPE_VAR") == "y", words()
def test_cause():
    try: raise ValueError(dict(os.environ))
    except ValueError as error: raise RuntimeError("no such shop") from error
def test_prints():
    print(os.environ, words())
    assert not words()
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
    "suites/good/test_says.py": SAYS,
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
def reported(broken: Desk) -> list[dict[str, Any]]:
    reported: list[dict[str, Any]] = broken.json("run", "--json", **MACHINE)["runs"]
    return reported


@pytest.fixture(scope="module")
def runs(reported: list[dict[str, Any]]) -> dict[str, Any]:
    return {run["check"].removeprefix("journey:suites/"): (run["outcome"], run["reason"]) for run in reported}


def test_all_that_is_whole_runs(runs: dict[str, Any]) -> None:
    """The option of its own conftest included, although a conftest before it ends the interpreter."""
    passed = {check for check, (outcome, _) in runs.items() if outcome == "passed"}

    assert passed == {"good/test_good.py::test_good[1]", "good/test_good.py::test_good[2]"}


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("zero/test_zero.py::test_zero", "SystemExit(3) while it was imported (suites/zero/conftest.py:2)"),
        ("good/test_good.py::test_without_fixture", "fixture 'no_such_fixture' not found (suites/good/test_good.py:8)"),
        ("good/test_syntax.py", "SyntaxError: invalid syntax (suites/good/test_syntax.py:1)"),
        ("good/test_library.py::test_library", "No module named 'no_such_library' (suites/good/test_library.py:1)"),
        ("good/inner/test_inner.py::TestInner::test_in_class", "No module named 'no_such_library' (suites/good/inner/"),
        ("ends/test_ends.py::test_ends", "the journey worker ended unexpectedly"),
        ("absent/test_absent.py::test_absent", "No module named 'no_such_library' (suites/absent/conftest.py:1)"),
        ("left/test_left.py::test_left", "deselected by a plug-in or a conftest"),
        ("ignored/test_ignored.py::test_ignored", "pytest collects nothing here"),
        ("good/test_says.py::test_in", "assert 'NOPE_VAR' in environ(...)"),
        (
            "good/test_says.py::test_message",
            "{'MACHINE_WORD': …, 'MACHINE_FLAG': 'true', 'DECLARED': 'said-by-the-work",
        ),
    ],
)
def test_what_is_broken_is_a_setup_error_with_the_reason(runs: dict[str, Any], check: str, reason: str) -> None:
    """Under the name that its file gives it, so that its history goes on."""
    outcome, output = runs[check]

    assert outcome == "setup error"
    assert reason in output


def test_what_is_kept_does_not_list_the_machines_environment(broken: Desk, runs: dict[str, Any]) -> None:
    """Neither the store, nor a page, nor what a test has printed."""
    kept = [path.read_bytes() for path in (broken.root / ".outrider").rglob("*") if path.is_file()]
    texts = [gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data for data in kept]

    assert "good/test_says.py::test_equal" in runs
    assert [text for text in texts if b"said by the machine" in text] == []
    assert any(b"'MACHINE_WORD': \xe2\x80\xa6" in text for text in texts)


@pytest.mark.parametrize("file", ["test_syntax.py", "test_library.py"])
def test_what_cannot_be_collected_has_one_cause(broken: Desk, reported: list[dict[str, Any]], file: str) -> None:
    """That pytest finds no test there follows from it."""
    (run,) = [run for run in reported if f"/{file}" in run["check"]]

    shown = invoke(broken.root, "show", run["id"]).stdout

    assert shown.count("test error: ") == 1, shown


def test_everything_is_listed(broken: Desk, runs: dict[str, Any]) -> None:
    """What cannot be collected is not forgotten."""
    listed = {check["id"].removeprefix("journey:suites/") for check in broken.json("ls", "--json")}

    assert listed == set(runs)


LIBRARY = """suites/good/test_library.py: cannot be collected:
    ModuleNotFoundError: No module named 'no_such_library' (suites/good/test_library.py:1)
        import no_such_library
  correct the file"""
SYNTAX = """suites/good/test_syntax.py: cannot be collected:
    SyntaxError: invalid syntax (suites/good/test_syntax.py:1)
        def test_syntax(:
  correct the file"""


def test_a_run_of_what_is_whole_names_the_other_broken_parts_on_one_line(broken: Desk) -> None:
    """Their tracebacks belong to `outrider validate`, or to their own runs."""
    whole = broken.outrider("run", "-k", "test_good[1]")
    files = broken.outrider("run", "suites/good/test_library.py", "suites/good/test_syntax.py")

    known = re.compile(r"passed suites/good/test_good.py| s so far$")
    (line,) = [line for line in whole.stderr.splitlines() if not known.search(line)]
    assert whole.returncode == 0, whole.stderr
    assert line.startswith("problems elsewhere in the workspace: ")
    assert "suites/good/test_syntax.py" in line
    assert "outrider validate" in line
    assert LIBRARY in files.stderr
    assert SYNTAX in files.stderr
    assert "suites/zero: cannot be collected" not in files.stderr


TABLES = """
[whole]
kind = "tcp"
address = "127.0.0.1:{port}"
[names_a_missing_secret]
kind = "http"
url = "http://127.0.0.1:{port}/?token=${{TOKEN}}"
[has_an_unknown_kind]
kind = "telepathy"
[has_an_unknown_key]
kind = "tcp"
address = "127.0.0.1:{port}"
sped = "fast"
[load_without_file]
kind = "load"
"""
SECRETS = """
[secrets]
TOKEN = {env = "NO_SUCH_TOKEN"}
[probes]
late = "30s"
[journeys]
starved_above = 1.0
[defaults]
retries = 0
"""
READS = """
import os, pytest
{in_module}
@pytest.mark.parametrize("read", [lambda: os.environ["TOKEN"], lambda: os.getenv("TOKEN", "otherwise")])
def test_reads(page, read):
    page.goto("data:text/html,<h1>x</h1>")
    read()

def test_sets(page):
    os.environ["TOKEN"] = "my own"
    page.goto(f"data:text/html,<h1>{{os.environ['TOKEN']}}</h1>")

def test_whole(page):
    assert "TOKEN" not in os.environ
    assert os.environ.get("NEVER_DECLARED", "otherwise") == "otherwise"
    page.goto("data:text/html,<h1>x</h1>")
"""
REASON = "secrets.TOKEN has no value: the environment variable NO_SUCH_TOKEN is not set"


@pytest.fixture
def partly(tmp_path: Path, site: str) -> Desk:
    own_desk = Desk(tmp_path / "ws", tmp_path / "tmp")
    own_desk.temporary.mkdir()
    own_desk.write("outrider.toml", SECRETS)
    own_desk.write("probes/tables.toml", TABLES.format(port=site.rpartition(":")[2]))
    own_desk.write("probes/no_toml.toml", "this is [no TOML")
    return own_desk


def test_a_broken_probe_costs_no_other(partly: Desk) -> None:
    """A table with a problem, and a file that is no TOML, are setup errors with place and reason."""
    done = partly.json("run", "probes", "--json")

    runs = {run["check"].removeprefix("probe:probes/"): (run["outcome"], run["reason"]) for run in done["runs"]}
    assert runs.pop("tables.toml::whole") == ("passed", "")
    assert {outcome for outcome, _ in runs.values()} == {"setup error"}
    assert REASON in runs["tables.toml::names_a_missing_secret"][1]
    assert "telepathy" in runs["tables.toml::has_an_unknown_kind"][1]
    assert "sped" in runs["tables.toml::has_an_unknown_key"][1]
    assert "probes/no_toml.toml:1" in runs["no_toml.toml"][1]
    assert len(runs) == 4


def test_broken_probes_and_loads_are_listed(partly: Desk) -> None:
    """The load says what is wrong when it is named."""
    listed = {check["id"].rpartition("/")[2] for check in partly.json("ls", "--json")}
    load = partly.outrider("load", "load_without_file")

    assert {"tables.toml::load_without_file", "tables.toml::has_an_unknown_kind", "no_toml.toml"} <= listed
    assert (load.returncode, load.stdout) == (2, "")
    assert "file" in load.stderr
    assert "[missing-key]" in load.stderr


def test_a_missing_secret_costs_those_that_read_it(partly: Desk) -> None:
    """A default would hide that it is missing; a value that the test sets itself is one."""
    partly.write("journeys/test_reads.py", READS.format(in_module=""))
    partly.write("journeys/test_module.py", READS.format(in_module="os.environ['TOKEN']"))

    runs = partly.json("run", "journeys", "--json")["runs"]

    ended = {run["check"].removeprefix("journey:journeys/"): run for run in runs}
    assert {check for check, run in ended.items() if run["outcome"] == "passed"} == {
        "test_reads.py::test_sets",
        "test_reads.py::test_whole",
    }
    broken = [run for run in runs if run["outcome"] != "passed"]
    assert len(broken) == 5
    assert {run["outcome"] for run in broken} == {"setup error"}
    assert [run["reason"] for run in broken if REASON not in run["reason"]] == []
