"""The ready GitHub action and GitLab template: their scripts run, with a recorder in place of the program."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCS = Path(__file__).parents[2] / "docs"
ACTION = yaml.safe_load((DOCS / "ci" / "action.yml").read_text(encoding="utf-8"))
TEMPLATE = yaml.safe_load((DOCS / "ci" / "gitlab.yml").read_text(encoding="utf-8"))[".outrider-gate"]
RECORDER = """#!/usr/bin/env python3
import json, os, pathlib, sys
with open("calls.jsonl", "a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
if sys.argv[1] == "gate":
    pathlib.Path("gate.md").write_text("decided")
    sys.exit(int(os.environ["GATE_CODE"]))
sys.exit(int(os.environ.get("COMMENT_CODE", 0)))
"""


def run_script(script: str, folder: Path, environment: Mapping[str, str]) -> int:
    """Run a job's script as CI does, in Bash that ends at the first error; what it calls is in `calls.jsonl`."""
    program = folder / "bin" / "outrider"
    program.parent.mkdir(exist_ok=True)
    program.write_text(RECORDER)
    program.chmod(0o755)
    known = {"PATH": f"{program.parent}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(folder / "output"), **environment}
    return subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=folder, env=known, check=False).returncode


def calls(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]


def step(**wanted: str) -> dict[str, Any]:
    (matching,) = (action_step for action_step in ACTION["runs"]["steps"] if wanted.items() <= action_step.items())
    return dict(matching)


@pytest.mark.parametrize("code", [0, 1, 3, 4])
def test_the_action_hands_on_what_the_gate_decides(tmp_path: Path, code: int) -> None:
    """Sides, arguments with spaces and the exit code; the job goes on to its comment whatever that is."""
    known = {
        "BASE": "https://a.test", "CANDIDATE": "https://b.test", "ARGUMENTS": '--decides "sign *" journeys/',
        "INCONCLUSIVE": "pass", "GATE_CODE": str(code),
    }  # fmt: skip

    returned = run_script(step(id="gate")["run"], tmp_path, known)

    assert returned == 0
    assert calls(tmp_path) == [[
        "gate", "--ab", "https://a.test", "https://b.test", "--inconclusive", "pass", "--junit", "gate.xml",
        "--markdown", "gate.md", "--decides", "sign *", "journeys/",
    ]]  # fmt: skip
    assert (tmp_path / "output").read_text() == f"code={code}\n"
    assert run_script(ACTION["runs"]["steps"][-1]["run"], tmp_path, {"CODE": str(code)}) == code


def test_the_action_compares_with_baselines_where_no_address_is_named(tmp_path: Path) -> None:
    """Nothing is handed in then but where the reports go."""
    known = {"BASE": "", "CANDIDATE": "", "ARGUMENTS": "", "INCONCLUSIVE": "fail", "GATE_CODE": "0"}

    run_script(step(id="gate")["run"], tmp_path, known)

    assert calls(tmp_path)[0][1:3] == ["--inconclusive", "fail"]


def test_the_action_declares_what_its_steps_use() -> None:
    """Every input that a step names exists, and no text of an input is pasted into a script."""
    text = json.dumps(ACTION["runs"])

    assert set(ACTION["inputs"]) == {name for name in ACTION["inputs"] if f"inputs.{name}" in text}
    assert not any("${{" in action_step.get("run", "") for action_step in ACTION["runs"]["steps"])
    assert all(action_step.get("shell") == "bash" for action_step in ACTION["runs"]["steps"] if "run" in action_step)


@pytest.mark.parametrize(("code", "comment_code"), [(0, 0), (1, 0), (3, 2)])
def test_the_template_comments_and_ends_with_the_gates_code(tmp_path: Path, code: int, comment_code: int) -> None:
    """A comment that is refused changes no verdict."""
    known = {
        **TEMPLATE["variables"], "BASE": "https://a.test", "CANDIDATE": "https://b.test", "GITLAB_TOKEN": "t",
        "ARGUMENTS": "--decides 'sign *'", "GATE_CODE": str(code), "COMMENT_CODE": str(comment_code),
    }  # fmt: skip

    returned = run_script("\n".join(TEMPLATE["script"]), tmp_path, known)

    assert returned == code
    assert calls(tmp_path) == [
        [
            "gate", "--inconclusive", "pass", "--junit", "gate.xml", "--markdown", "gate.md", "--ab",
            "https://a.test", "https://b.test", "--decides", "sign *",
        ],
        ["gate-comment", "gate.md", "--name", "gate"],
    ]  # fmt: skip


def test_the_template_goes_without_a_token(tmp_path: Path) -> None:
    """There is no comment then, and the gate decides all the same."""
    returned = run_script("\n".join(TEMPLATE["script"]), tmp_path, {**TEMPLATE["variables"], "GATE_CODE": "1"})

    assert returned == 1
    assert [call[0] for call in calls(tmp_path)] == ["gate"]
