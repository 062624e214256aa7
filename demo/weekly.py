"""The demo's weekly report: what the tour just saw, after three simulated weeks of the same checks, marked as such."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from demo.history import simulate
from outrider.model import Outcome
from outrider.reports import gather, read_settings, render_html, week_of
from outrider.store import Store
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

_RECENT_US = 3_600_000_000
_DAYS = 21.0
_EVERY_S = 7_200.0


def write_demo_report(root: Path, scratch: Path, target: Path) -> Path:
    """Write the report of a workspace's last hour and of simulated weeks before it to `target`; return that."""
    workspace, now_us = load(root), time.time_ns() // 1000
    with (
        Store.open(workspace.store_url, artifacts=workspace.artifacts_url) as real,
        Store.open(scratch / "history.db", artifacts=scratch / "artifacts") as shown,
    ):
        recent = [real.run(one.id).run for one in real.runs(since_us=now_us - _RECENT_US, limit=None)]
        patterns = {one.check: one for one in recent if one.outcome is Outcome.PASSED}
        until_us = now_us - _RECENT_US
        simulate(shown, tuple(patterns.values()), until_us=until_us, days=_DAYS, every_s=_EVERY_S, seed=7)
        shown.record_many(recent)
        settings = read_settings(root, "weekly")
        report = gather(shown, settings, week_of(None, now_us, workspace.timezone), now_us, workspace=workspace.name)
    target.write_text(render_html(report, settings, root), encoding="utf-8")
    return target
