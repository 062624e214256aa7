"""`outrider report`, as it is typed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from benchmarks.history import History, fill
from tests.builders import new_store
from tests.cli.conftest import invoke

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "outrider.toml").touch()
    with new_store(tmp_path / ".outrider/outrider.db", artifacts=tmp_path / ".outrider/artifacts") as store:
        fill(store, History(time.time_ns() // 1000, checks=2, days=15, minutes=120))
    return tmp_path


def report(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return invoke(folder, "report", *words)


def test_a_weekly_report_is_one_file(shop: Path) -> None:
    """Its place is printed."""
    finished = report(shop, "weekly")

    path = shop / ".outrider/reports/weekly.html"
    assert finished.stdout == f"wrote {path}\n"
    assert path.read_text().startswith("<!doctype html>")
    assert [item.name for item in path.parent.iterdir()] == ["weekly.html"]


def test_a_workspace_may_have_reports_without_a_script(shop: Path) -> None:
    """Every feature has an off switch; the charts are there all the same."""
    with_script = report(shop, "weekly", "--out", "-").stdout
    (shop / "outrider.toml").write_text("[capabilities]\ninteractive = false\n")
    without = report(shop, "weekly", "--out", "-").stdout

    assert [with_script.count("<script>"), without.count("<script>")] == [1, 0]
    assert "script-src" not in without
    assert 'class="trend"' in without


def test_daily_and_release_reports_come_in_every_form(shop: Path) -> None:
    """Standard output may be asked for."""
    assert len(json.loads(report(shop, "daily", "--format", "json", "--out", "-").stdout)["health"]) == 2
    assert report(shop, "release", "--format", "md", "--out", "-").stdout.startswith("# Outrider: release 2.1.0")
    assert report(shop, "weekly", "--format", "csv", "--out", "-").stdout.startswith("check,environment,")


def test_a_run_is_told_by_its_id(shop: Path) -> None:
    """In every form; its place is printed."""
    with new_store(shop / ".outrider/outrider.db", artifacts=shop / ".outrider/artifacts") as store:
        identity = store.runs.search("journey:*", limit=1)[0].id

    finished = report(shop, "run", identity)

    assert finished.stdout == f"wrote {shop / f'.outrider/reports/run-{identity}.html'}\n"
    assert report(shop, "run", identity, "--format", "csv", "--out", "-").stdout.startswith("step,took,usual")
    assert "ran no load" in report(shop, "load", identity).stderr
    assert report(shop, "load", "latest").stderr == "no load has run yet\n  outrider load runs one   [no-load]\n"


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (("weekly", "--week", "soon"), "bad-week"),
        (("monthly", "--month", "soon"), "bad-month"),
        (("quarterly", "--quarter", "2026-Q5"), "bad-quarter"),
        (("weekly", "--out", "outrider.toml/weekly.html"), "unwritable-report"),
        (("weekly", "--out", "/proc/weekly.html"), "unwritable-report"),
        (("release", "9.9"), "unknown-release"),
        (("run", "ffffffffffff"), "unknown-run"),
        (("load", "ffffffffffff"), "unknown-run"),
        (("weekly", "--mail"), "no-report-mail"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_command_line(shop: Path, words: tuple[str, ...], slug: str) -> None:
    """With what to do about it."""
    finished = report(shop, *words)

    assert finished.returncode == 2
    assert f"[{slug}]" in finished.stderr
    assert "Traceback" not in finished.stderr
