"""A real bash completes commands, options, checks, runs, incidents and issues of the workspace that it stands in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import invoke
from tests.dashboard.error_scene import declined, page_error
from tests.frames.conftest import opened, root

from outrider.alerts import Incident, Phase
from outrider.alerts.finding import Facts, Problem
from outrider.alerts.incident_records import stored_incident
from outrider.model import AlertChanges

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["root"]

SHIM = f'#!/bin/sh\nexec {sys.executable} -m outrider "$@"\n'
COMPLETE = """
eval "$(outrider completion bash)"
while IFS= read -r COMP_LINE; do
    COMP_POINT=${#COMP_LINE}
    _outrider_completion outrider
    (IFS='|'; echo "${COMPREPLY[*]}")
done
"""


def record_incidents_and_issues(root: Path) -> None:
    """Record an incident that lasts, one that is over, and two issues."""
    began_us = time.time_ns() // 1_000 - 60_000_000
    lasting = Incident(
        "0" * 24 + "a" * 8, Problem.FAILURE, began_us, began_us, Facts("refused"), phase=Phase.OPEN, opened_us=began_us
    )
    over = replace(lasting, id="0" * 24 + "b" * 8, began_us=began_us - 1, phase=Phase.RESOLVED, ended_us=began_us)
    with opened(root) as store:
        store.incidents.record(AlertChanges(incidents=tuple(map(stored_incident, (over, lasting)))))
        store.errors.add([declined(), page_error()])


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_what_begins_so(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Ids hold colons, at which bash ends a word: what it replaces is the part behind the last one."""
    record_incidents_and_issues(root)
    programs = tmp_path_factory.mktemp("bin")
    (programs / "outrider").write_text(SHIM)
    (programs / "outrider").chmod(0o755)
    expected = {
        "outrider stat": "status|status-page",
        "outrider runs --out": "--outcome",
        "outrider run journeys/test_ch": "journeys/test_checkout.py::test_checkout",
        "outrider run journeys/test_checkout.py::te": "test_checkout",
        "outrider run test_chec": "test_checkout",
        "outrider judge journey:j": "journeys/test_checkout.py::test_checkout",
        "outrider show la": "latest",
        "outrider report w": "weekly",
        "outrider incidents ": "aaaaaaaa|bbbbbbbb",
        "outrider comment b": "bbbbbbbb",
        "outrider ack ": "aaaaaaaa",
        "outrider errors s": "show|split",
        "outrider errors show ": "1|2",
        "outrider errors resolve 1 2": "2",
    }

    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE],
        cwd=root, input="".join(f"{line}\n" for line in expected), capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip

    assert dict(zip(expected, done.stdout.splitlines(), strict=True)) == expected, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_have_their_scripts(shell: str, tmp_path: Path) -> None:
    """Each calls the program for what it completes."""
    done = invoke(tmp_path, "completion", shell)

    assert f"_OUTRIDER_COMPLETE={shell}_complete" in done.stdout


def test_nothing_is_made_and_nothing_is_said_where_there_is_no_workspace(tmp_path: Path) -> None:
    """A key that is pressed leaves no file."""
    done = invoke(tmp_path, _OUTRIDER_COMPLETE="bash_complete", COMP_WORDS="outrider show ", COMP_CWORD="2")

    assert (done.stdout, done.stderr, list(tmp_path.iterdir())) == ("plain,latest\n", "", [])
