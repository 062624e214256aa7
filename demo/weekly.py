"""The demo's weekly report: what the tour just saw, beside five simulated weeks of other checks, marked as such."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.history import History, fill

from outrider.reports import gather, read_settings, render_html, week_of
from outrider.store import Store
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

_RECENT_US = 3_600_000_000


def write_demo_report(root: Path, scratch: Path, target: Path) -> Path:
    """Write the report of a workspace's last hour and of simulated weeks before it to `target`; return that."""
    workspace, now_us = load(root), time.time_ns() // 1000
    with (
        Store.open(workspace.store_url, artifacts=workspace.artifacts_url) as real,
        Store.open(scratch / "history.db", artifacts=scratch / "artifacts") as shown,
    ):
        fill(shown, History(now_us - _RECENT_US, checks=10, minutes=60))
        recent = real.runs(since_us=now_us - _RECENT_US, limit=None)
        shown.record_many([real.run(one.id).run for one in recent])
        settings = read_settings(root, "weekly")
        period = week_of(None, now_us, workspace.timezone)
        report = gather(shown, settings, period, now_us, workspace=workspace.name)
    target.write_text(render_html(report, settings, root), encoding="utf-8")
    return target
