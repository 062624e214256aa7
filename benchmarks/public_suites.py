"""Public suites by plain pytest and by Outrider: `python -m benchmarks.public_suites FOLDER [COUNT]`.

FOLDER holds a checked-out repository in each of its folders. Of each, COUNT tests at most (10 by default) run in a
copy: each by itself under plain pytest, with the browser that Outrider finds, and by `outrider run` without retries.
A table says how they ended, and which tests ended differently. A network that is not there fails both.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from outrider.journeys import BrowserSettings, browser_environment, find_browser

LIMIT_S = 60
# What an outcome of Outrider's is to pytest: a wrong script and a wrong target both fail there.
AS_PYTEST = {
    "passed": "passed",
    "failed": "failed",
    "setup error": "failed",
    "skipped": "skipped",
    "inconclusive": "inconclusive",
}
CALM = "starved_above = 1.0"


def outrider(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Outrider in a workspace."""
    command = [sys.executable, "-m", "outrider", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def prepare(root: Path) -> str:
    """Make a repository a workspace whose runs have one attempt; return what is wrong, or nothing."""
    done = outrider(root, "init", ".", "--force")
    settings = root / "outrider.toml"
    if done.returncode or "your tests in" not in done.stdout:
        return (done.stderr or "no browser tests found").strip().splitlines()[0]
    text = settings.read_text().replace("retries = 1", "retries = 0").replace("[journeys]\n", f"[journeys]\n{CALM}\n")
    settings.write_text(text)
    return ""


def by_pytest(root: Path, target: str, environment: dict[str, str]) -> str:
    """Return how a test ends under plain pytest."""
    report = root / "plain-pytest.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", target]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=environment,
            capture_output=True,
            check=False,
            timeout=LIMIT_S,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return "failed"
    text = report.read_text() if report.exists() else ""
    if "<skipped" in text and 'failures="0"' in text and 'errors="0"' in text:
        return "passed" if "pytest.xfail" in text else "skipped"
    return "passed" if done.returncode == 0 else "failed"


def compare(source: Path, folder: Path, count: int, environment: dict[str, str]) -> None:
    """Run a repository's tests in both ways, and print its line of the table."""
    root = folder / source.name
    shutil.copytree(source, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    if wrong := prepare(root):
        print(f"{source.name:32} not run: {wrong}", flush=True)
        return
    listed = json.loads(outrider(root, "ls", "--json").stdout or "[]")
    journeys = [check for check in listed if check["kind"] == "journey"][:count]
    ran = outrider(root, "run", "--json", *(check["id"] for check in journeys))
    runs = {run["check"]: run for run in json.loads(ran.stdout)["runs"]} if ran.stdout else {}
    ours, plain, different = Counter[str](), Counter[str](), []
    for check in journeys:
        run = runs.get(check["id"], {"outcome": "setup error", "reason": "not run"})
        mine, theirs = AS_PYTEST[run["outcome"]], by_pytest(root, check["id"].removeprefix("journey:"), environment)
        ours[mine] += 1
        plain[theirs] += 1
        if mine != theirs:
            different.append(f"    {check['id']}: pytest {theirs}, outrider {run['outcome']}: {run['reason']}")
    print(f"{source.name:32} {len(journeys):5} {_figures(plain):24} {_figures(ours):24} {len(different):9}", flush=True)
    print("\n".join(different), end="\n" if different else "", flush=True)


def _figures(outcomes: Counter[str]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))


def main(suites: Path, count: int) -> None:
    """Print the table."""
    environment = {**os.environ, **browser_environment(find_browser(BrowserSettings()))}
    print(f"{'suite':32} {'tests':>5} {'plain pytest':24} {'outrider':24} {'different':>9}")
    with tempfile.TemporaryDirectory() as name:
        for source in sorted(path for path in suites.iterdir() if path.is_dir()):
            compare(source, Path(name), count, environment)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 10)
