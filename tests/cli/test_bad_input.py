"""What is wrong before any browser starts: each a message that says where and what to do, and the right exit code."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import Desk

from outrider.cli.error_report import unusable

if TYPE_CHECKING:
    from pathlib import Path

    File = str | bytes

CALM = "[journeys]\nstarved_above = 1.0\n"
JOURNEY = "def test_buy(page): page.set_content('x')\n"
OLD = "#!/bin/sh\necho Chromium 90.0.4430.93\n"
MUTE = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def own_desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    return desk


def fill(desk: Desk, files: dict[str, File]) -> None:
    for path, content in files.items():
        file = desk.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        file.chmod(0o755)


@pytest.mark.parametrize(
    ("files", "command", "code", "reported"),
    [
        pytest.param({}, "validate", 2, ["[no-workspace]", "outrider init"], id="no workspace"),
        pytest.param(
            {"outrider.toml": '[defaults]\nevery = "1m\n'},
            "run", 2, ["outrider.toml:2:", "[broken-toml]"], id="broken TOML",
        ),
        pytest.param(
            {"outrider.toml": '[defaults]\nevry = "1m"\n'},
            "run", 2, ["outrider.toml:2:", "evry", "every", "[unknown-key]"], id="unknown key",
        ),
        pytest.param(
            {"outrider.toml": '[env]\nWORD = "x"\n[secrets]\nWORD = {env = "HOME"}\n'},
            "run", 2, ["outrider.toml:2:", "WORD", "[duplicate-name]"], id="duplicate name",
        ),
        pytest.param({"outrider.toml": b"# caf\xe9\n"}, "ls", 2, ["outrider.toml:1:", "[not-utf8]"], id="not UTF-8"),
        pytest.param(
            {"outrider.toml": '[secrets]\nKEY = {env = "NO_SUCH_KEY"}\n'},
            "run", 2, ["NO_SUCH_KEY", "[missing-secret]"], id="missing secret",
        ),
        pytest.param(
            {"outrider.toml": "", "journeys/test_a.py": JOURNEY},
            "run bye", 2, ['"bye"', "buy", "[unknown-check]"], id="unknown check",
        ),
        pytest.param({"outrider.toml": ""}, "run", 2, ["journeys", "[no-checks]"], id="no check"),
        pytest.param({"outrider.toml": ""}, "prove", 2, ["no journeys to prove", "[no-checks]"], id="no journey"),
        pytest.param(
            {"outrider.toml": "[defaults]\nenabled = false\n", "journeys/test_a.py": JOURNEY},
            "run", 2, ["disabled", "[no-checks]"], id="all disabled",
        ),
        pytest.param(
            {"outrider.toml": "[capabilities]\ninjection = false\n"}, "prove", 2, ["[switched-off]"], id="switched off"
        ),
        pytest.param(
            {"outrider.toml": '[browser]\nexecutable = "no/such"\n', "journeys/test_a.py": JOURNEY},
            "run", 4, ["no/such", "[no-browser]"], id="no browser",
        ),
        pytest.param(
            {"outrider.toml": '[browser]\nexecutable = "chrome"\n', "chrome": OLD, "journeys/test_a.py": JOURNEY},
            "run", 4, ["90.0.4430.93 is too old", "[no-browser]"], id="browser too old",
        ),
        pytest.param(
            {"outrider.toml": '[browser]\nexecutable = "chrome"\n', "chrome": MUTE, "journeys/test_a.py": JOURNEY},
            "run", 4, ["exits with 1", "[no-browser]"], id="broken browser",
        ),
        pytest.param(
            {"outrider.toml": '[store]\nurl = "file/x.db"\n', "file": ""},
            "runs", 4, ["file", "[store-read-only]"], id="database in a closed place",
        ),
        pytest.param(
            {"outrider.toml": '[store]\nartifacts = "file"\n', "file": ""},
            "runs", 4, ["file", "[store-read-only]"], id="artifacts in a closed place",
        ),
        pytest.param(
            {"outrider.toml": "", ".outrider/outrider.db": "no database"},
            "runs", 4, ["outrider.db", "[store-"], id="not a database",
        ),
        pytest.param(
            {"outrider.toml": "", ".outrider": ""}, "ls", 2, [".outrider", "[unwritable-folder]"], id="state is a file"
        ),
    ],
)  # fmt: skip
def test_the_message_says_where_and_what_to_do(
    own_desk: Desk, files: dict[str, File], command: str, code: int, reported: list[str]
) -> None:
    """No traceback, and nothing on stdout that could be taken for a result."""
    fill(own_desk, files)

    done = own_desk.outrider(*command.split())

    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert [word for word in reported if word not in done.stderr] == [], done.stderr
    assert "Traceback" not in done.stderr.replace('Traceback (most recent call last):\n  File "<frozen', "")
    assert own_desk.leftovers() == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("files", "reasons"),
    [
        pytest.param(
            {"pytest.ini": "[pytest]\naddopts = --no-such\n"}, ["--no-such", "pytest.ini"], id="missing plugin"
        ),
        pytest.param({"conftest.py": "import no_such_module\n"}, ["no_such_module", "conftest.py:1"], id="conftest"),
    ],
)
def test_a_suite_that_cannot_start_is_a_setup_error_of_its_journeys(
    own_desk: Desk, files: dict[str, File], reasons: list[str]
) -> None:
    """Probes would run beside them, so that the command itself does not fail."""
    fill(own_desk, {"outrider.toml": CALM, "journeys/test_a.py": JOURNEY, "pytest.ini": "[pytest]\n", **files})

    done = own_desk.json("run", "--json")

    (run,) = done["runs"]
    assert (done["exit_code"], run["check"]) == (4, "journey:journeys/test_a.py::test_buy")
    assert [reason for reason in reasons if reason not in run["reason"]] == []
    assert own_desk.leftovers() == []


@pytest.mark.slow
def test_all_problems_of_journeys_are_told_together(own_desk: Desk) -> None:
    """A file that cannot be read as Python keeps no other from being checked."""
    marked = "import pytest\n@pytest.mark.outrider(id='buy')\n"
    fill(
        own_desk,
        {
            "outrider.toml": "",
            "scheduler/schedule.toml": '[[check]]\nmatch = "journeys/test_gone.py"\nevery = "1m"\n',
            "journeys/test_syntax.py": "def test_a(:\n",
            "journeys/test_import.py": "import no_such_module\n",
            "journeys/test_latin.py": b"WORD = 'caf\xe9'\ndef test_a(page): ...\n",
            "journeys/test_a.py": marked + JOURNEY,
            "journeys/test_b.py": marked + JOURNEY,
            "journeys/test_marker.py": "import pytest\n@pytest.mark.outrider(evry='1m')\n" + JOURNEY,
        },
    )

    reported = own_desk.json("validate", "--json")

    assert {(row["where"].partition(":")[0], row["slug"]) for row in reported["problems"]} >= {
        ("scheduler/schedule.toml", "unmatched-pattern"),
        ("journeys/test_syntax.py", "not-collected"),
        ("journeys/test_import.py", "not-collected"),
        ("journeys/test_latin.py", "not-collected"),
        ("journeys/test_b.py", "duplicate-check"),
        ("journeys/test_marker.py", "unknown-key"),
    }
    assert reported["checks"] == 5


@pytest.mark.slow
def test_a_full_disk_is_told_and_leaves_no_half_database(own_desk: Desk) -> None:
    """A limit on the size of files stands in for the disk."""
    fill(own_desk, {"outrider.toml": ""})

    done = subprocess.run(
        [sys.executable, "-m", "outrider", "runs"],
        cwd=own_desk.root,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (40_000, 40_000)),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # which Python would cut short, for all that come after
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 4
    assert "[store-full]" in done.stderr
    assert "free space" in done.stderr
    assert own_desk.outrider("runs").returncode == 0


def test_a_closed_folder_for_temporary_files_is_told(own_desk: Desk) -> None:
    """What the system says of a folder of ours becomes a message, too."""
    fill(own_desk, {"outrider.toml": "", "journeys/test_a.py": JOURNEY})
    for name in {path.name for path in own_desk.temporary.iterdir()} or {f"outrider-{own_desk.root.stat().st_uid}"}:
        (own_desk.temporary / name).write_text("in the way")

    done = own_desk.outrider("ls")

    assert (done.returncode, done.stdout) == (4, "")
    assert "TMPDIR" in done.stderr
    assert "[unusable-folder]" in done.stderr


def test_other_errors_of_the_system_are_ours() -> None:
    """A bug keeps its traceback."""
    assert unusable(OSError(9, "Bad file descriptor")) is None
