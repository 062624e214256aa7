"""Public suites by plain pytest and by Outrider: `python -m benchmarks.public_suites FOLDER [COUNT] [OPTION...]`.

FOLDER holds a checked-out repository in each of its folders. Of each, COUNT tests at most (20 by default, spread over
the suite) run in a copy: under plain pytest in one process, with the browser that Outrider finds, and by `outrider run`
without retries. A table says how they ended, and which ended differently; with `--all`, every test is listed. Both get
OPTIONS, such as `--browser=chromium` for a suite that else asks for browsers which are not installed.

Outcomes are the same if Outrider's is the one that its rules give to what pytest saw: a failed assertion, a time-out of
Playwright, a navigation or request without an answer is `failed`; any other exception, in the test or in a fixture, is
a `setup error`; so is a test that opens no page and sends no request. A network that is not there fails both alike.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.pytest_outcomes import names

from outrider.journeys import BrowserSettings, browser_environment, find_browser

LIMIT_S = 120  # a test
SETTINGS = 'starved_above = 1.0\n[defaults]\nretries = 0\ntimeout = "120s"\nevery = "1h"\n'
NOTHING = ("the test opened no page", "before any page or request")
_TARGET = {"builtins.AssertionError", "_pytest.outcomes.Failed", "playwright._impl._errors.TimeoutError"}
_TARGET |= {"playwright._impl.errors.TimeoutError", "builtins.ConnectionError", "builtins.TimeoutError"}
_TARGET |= {"urllib.error.URLError", "requests.exceptions.ConnectionError", "requests.exceptions.HTTPError"}
_NAVIGATION = re.compile(
    r"(Page|Frame)\.(goto|reload|go_back|go_forward|wait_for_\w+): (?!Cannot|Protocol|net::ERR_INVALID)"
)
_REQUEST = re.compile(r"APIRequestContext\.\w+: (?!Invalid URL|Protocol)")


@dataclass
class Ending:
    """How one test ended: under plain pytest, by Outrider's rules for that, and under Outrider."""

    check: str
    plain: str
    expected: str
    ours: str
    reason: str
    raised: str

    @property
    def is_same(self) -> bool:
        """Whether Outrider's outcome is the one that its rules give."""
        is_empty = self.ours == "setup error" and self.reason.startswith(NOTHING)
        return self.ours == self.expected or is_empty


def outrider(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Outrider in a workspace."""
    command = [sys.executable, "-m", "outrider", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def prepare(root: Path, addopts: str) -> str:
    """Make a repository a workspace whose runs have one attempt; return what is wrong, or nothing."""
    done = outrider(root, "init", ".", "--force")
    settings = root / "outrider.toml"
    if done.returncode or "your tests in" not in done.stdout:
        return (done.stderr or "no browser tests found").strip().splitlines()[0]
    paths = re.search(r"^paths = .*?\]", settings.read_text(), re.MULTILINE | re.DOTALL)
    assert paths is not None, settings.read_text()
    settings.write_text(f"[journeys]\n{paths[0]}\n{SETTINGS}[env]\nPYTEST_ADDOPTS = {json.dumps(addopts)}\n")
    return ""


def by_pytest(root: Path, targets: list[str], environment: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the phases of each test under plain pytest by node id, without a plug-in that a conftest cannot bear."""
    phases: dict[str, list[dict[str, Any]]] = defaultdict(list)
    lines = Path(environment["OUTCOMES"])
    Path(environment["TARGETS"]).write_text(json.dumps(targets))
    files = sorted({target.partition("::")[0] for target in targets})
    for options in ([], ["-p", "no:playwright"]):
        lines.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "pytest_outcomes",
            *options,
            *files,
        ]
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(LIMIT_S * len(targets))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
        if lines.exists():
            break
    for line in lines.read_text().splitlines() if lines.exists() else ():
        phase = json.loads(line)
        phases[phase["test"]].append(phase)
    return phases


def plain_outcome(phases: list[dict[str, Any]]) -> str:
    """Return how pytest would count a test."""
    failed = [phase["when"] for phase in phases if phase["outcome"] == "failed"]
    if failed:
        return "failed" if "call" in failed else "error"
    if any(phase["outcome"] == "skipped" and not phase["expected"] for phase in phases):
        return "skipped"
    return "passed" if phases else "error"


def expected_outcome(phases: list[dict[str, Any]]) -> str:
    """Return the outcome that Outrider's rules give to what pytest saw."""
    failed = next((phase for phase in phases if phase["outcome"] == "failed"), None)
    if failed is None:
        return plain_outcome(phases).replace("error", "setup error")
    types, message = set(failed["types"]), failed["message"]
    if not types or "strict mode violation" in message:
        return "setup error" if types else "failed"
    is_unanswered = bool(_NAVIGATION.match(message) or _REQUEST.match(message))
    return "failed" if types & _TARGET or is_unanswered else "setup error"


def spread(checks: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return at most `count` of the checks, at equal distances."""
    number = min(count, len(checks))
    return [checks[index * len(checks) // number] for index in range(number)]


def endings(root: Path, count: int, environment: dict[str, str]) -> list[Ending]:
    """Run tests of a workspace in both ways."""
    listed = json.loads(outrider(root, "ls", "--json").stdout or "[]")
    checks = spread([check for check in listed if check["kind"] == "journey"], count)
    ids = [check["id"] for check in checks]
    ran = outrider(root, "run", "--json", *ids)
    runs = {run["check"]: run for run in json.loads(ran.stdout)["runs"]} if ran.stdout else {}
    plain = by_pytest(root, [name.removeprefix("journey:") for name in ids], environment)
    done = []
    for name in ids:
        run = runs.get(name, {"outcome": "setup error", "reason": f"not run: {ran.stderr[-200:]}"})
        target = name.removeprefix("journey:")
        phases = next((value for key, value in plain.items() if target in names(key)), [])
        raised = next((phase["message"] for phase in phases if phase["outcome"] == "failed"), "")
        done.append(
            Ending(name, plain_outcome(phases), expected_outcome(phases), run["outcome"], run["reason"], raised)
        )
    return done


def main(suites: Path, count: int, addopts: str, *, everything: bool) -> None:
    """Print the table."""
    base = {**os.environ, **browser_environment(find_browser(BrowserSettings()))}
    print(f"{'suite':30} {'tests':>5}  {'plain pytest':36} {'outrider':44} {'different':>9}")
    with tempfile.TemporaryDirectory() as name:
        plugin = Path(name, "plugin")
        plugin.mkdir()
        shutil.copy(Path(__file__).with_name("pytest_outcomes.py"), plugin)
        environment = {**base, "PYTHONPATH": str(plugin), "OUTCOMES": f"{name}/outcomes.jsonl"}
        environment |= {"TARGETS": f"{name}/targets.json", "PYTEST_ADDOPTS": addopts}
        for source in sorted(path for path in suites.iterdir() if path.is_dir()):
            root = Path(name) / source.name
            shutil.copytree(source, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
            if wrong := prepare(root, addopts):
                print(f"{source.name:30} not run: {wrong}", flush=True)
                continue
            done = endings(root, count, environment)
            if not done:
                print(f"{source.name:30} not run: no test can be collected", flush=True)
                continue
            different = [ending for ending in done if not ending.is_same]
            plain, ours = (
                _figures(Counter(outcomes)) for outcomes in zip(*((e.plain, e.ours) for e in done), strict=True)
            )
            print(f"{source.name:30} {len(done):5}  {plain:36} {ours:44} {len(different):9}", flush=True)
            for ending in done if everything else different:
                mark = "  " if ending.is_same else "! "
                print(f"  {mark}{ending.check}: {ending.plain} | {ending.ours}: {ending.reason[:160]}", flush=True)
                if not ending.is_same:
                    print(f"      expected {ending.expected}; pytest saw: {ending.raised[:200]!r}", flush=True)


def _figures(outcomes: Counter[str]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int, nargs="?", default=20)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--addopts", default="")
    chosen = parser.parse_args()
    main(chosen.folder.resolve(), chosen.count, chosen.addopts, everything=chosen.all)
