"""The API held against its own description: `python -m benchmarks.api_conformance [SECONDS]`, 60 if absent.

A server shows a small store, with names that hold script, line breaks and other alphabets. schemathesis
(https://schemathesis.readthedocs.io) makes requests from `/api/v1/openapi.json`, with parameters that fit it and with
others, and compares each answer with it. It brings a plugin that every pytest would load, so that it is not among our
dependencies: `pipx install schemathesis`, or name its program in SCHEMATHESIS. Wanted: it finds nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from outrider.alerts import AlertSettings, Rotation
from outrider.app.pages.operator_actions import OperatorActions
from outrider.app.reporting.report_shelf import WorkspaceReports
from outrider.dashboard import Sources
from outrider.model import (
    Attempt,
    Check,
    CheckId,
    Circumstances,
    HostState,
    Kind,
    Measurement,
    Outcome,
    Policy,
    Release,
    Run,
    Sample,
    ServiceView,
    Silence,
    StoredGate,
    new_run_id,
)
from outrider.server import Background, application, listen
from outrider.store import Store
from outrider.workspace import load

NAMES = ("home", "Kasse & bezahlen", "決済", "<script>alert(1)</script>", "a\nb", "100%")
MINUTE_US = 60_000_000
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method"
)
VIEW = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)


def checks_of(names: tuple[str, ...]) -> list[Check]:
    """Return a probe of each name."""
    path = "probes/shop.toml"
    return [Check(CheckId(f"probe:{path}::{name}"), Kind.PROBE, path, name, name, Policy()) for name in names]


def fill(store: Store, checks: list[Check], now_us: int) -> None:
    """Store a hundred runs, releases, a silence and decisions of a gate."""
    store.checks.record(checks, now_us)
    runs = []
    for number in range(100):
        check, due_us = checks[number % len(checks)], now_us - number * MINUTE_US
        outcome = Outcome.FAILED if number % 7 == 0 else Outcome.PASSED
        measured = Measurement(outcome, "", due_us, 120.0, samples=(Sample("", "duration_ms", 100.0 + number),))
        runs.append(
            Run(
                new_run_id(due_us), check.id, "production", "local", due_us, due_us, due_us + 120_000, outcome, "",
                (Attempt(1, outcome is Outcome.PASSED, False, measured),), Circumstances(),
            )
        )  # fmt: skip
    store.runs.record_many(runs)
    for number in range(3):
        at_us = now_us - number * 86_400_000_000
        store.judgements.record_release(Release(f"v{number}", "production", at_us))
        store.gates.record(StoredGate(str(new_run_id(at_us)), at_us, f"{number:040x}", "pass", "the last 20 runs", 9.0))
    store.silences.record(Silence("s1", now_us, now_us + 3_600_000_000, ("check=none",), "ada", "new roof"))


def sources_of(store: Store, root: Path, checks: list[Check]) -> Sources:
    """Return what pages and the API are made from."""
    rotation = Rotation(("ada", "grace"), time.time_ns() // 1000, 86_400_000_000)
    alerts = AlertSettings(rotations={"shop": rotation})
    return Sources(
        store, lambda: checks, lambda: VIEW, lambda: time.time_ns() // 1000, "milepost", alerts=alerts,
        reports=WorkspaceReports(load(root), store), store_size=lambda: store.size(time.time_ns() // 1000),
        host=lambda: HostState("here", 2, 0.5, 10**9, None, None),
    )  # fmt: skip


def main() -> int:
    """Hold the API against its description."""
    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    program = os.environ.get("SCHEMATHESIS") or shutil.which("schemathesis")
    if program is None:
        sys.exit("schemathesis is not installed: pipx install schemathesis")
    with tempfile.TemporaryDirectory() as folder:
        root, now_us = Path(folder), time.time_ns() // 1000
        (root / "outrider.toml").touch()
        checks = checks_of(NAMES)
        with Store.open(root / "outrider.db", artifacts=root / "artifacts") as store:
            fill(store, checks, now_us)
            sources = sources_of(store, root, checks)
            actions = OperatorActions(store, load(root), checks, AlertSettings())
            listener = listen("127.0.0.1", 0)
            pages = application(store.heartbeats, None, sources.now_us, sources, actions=actions)
            with closing(Background(pages, listener)):
                address = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/openapi.json"
                command = [
                    program, "run", address, "--max-time", seconds, "--checks", CHECKS, "--include-method", "GET",
                    "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color",
                    "--suppress-health-check", "filter_too_much",
                ]  # fmt: skip
                return subprocess.run(command, check=False, cwd=root).returncode


if __name__ == "__main__":
    sys.exit(main())
