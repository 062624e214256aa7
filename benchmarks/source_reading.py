"""What reading from sources costs: `python -m benchmarks.source_reading [SECONDS]`, 2.5 unless given.

An incident is explained whose run's trace lies in Jaeger, log lines in Loki and errors in Sentry: by stand-ins that
answer at once, after SECONDS each, or never; then a second incident, when sources that did not answer are left alone.
Forty panels and a look at two hundred rules ask the real Prometheus, and one that never answers. A rule of fifty series
is replayed over thirty days.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.sources.servers import prometheus
from tests.sources.stand_in import Answer, Parameters, StandIn, jaeger_trace, standing_in
from tests.traced_steps import slower_runs

from outrider.alerts import Facts, Incident, Phase, Problem, rules_of
from outrider.app import answer_dashboard, backtest_rules
from outrider.app.lookup.joined_telemetry import reach_joined
from outrider.app.lookup.source_access import errors_of_traces, workspace_sources
from outrider.app.telemetry.source_rules import SourceRuleWatch
from outrider.dashboard import OutsideErrors, incident_quotes
from outrider.store import Store
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrider.workspace import Workspace

PANELS, RULES, SERIES, DAYS = 40, 200, 50, 30
SOURCES = """
[secrets]
TOKEN = {{env = "SOURCES_TOKEN"}}
[sources.traces]
kind = "jaeger"
url = "{url}/jaeger"
[sources.lines]
kind = "loki"
url = "{url}/loki"
selector = '{{app="shop"}}'
[sources.errors]
kind = "sentry"
url = "{url}/sentry"
organization = "acme"
token = "TOKEN"
"""
METRICS = '[sources.{name}]\nkind = "prometheus"\nurl = "{url}"\n'


class SlowStandIn(StandIn):
    """One that waits before each answer."""

    wait_s = 0.0

    def answer(self, path: str, asked: Parameters, headers: Mapping[str, str]) -> Answer:
        """Wait, and answer."""
        self.released.wait(self.wait_s)
        return super().answer(path, asked, headers)


def explained_s(folder: Path, wait_s: float) -> Iterator[tuple[float, int]]:
    """Yield how long the quotes of an incident, and of the next one, took, and how many there were."""
    folder.mkdir()
    now_us = time.time_ns() // 1000
    slow = SlowStandIn()
    slow.wait_s = wait_s
    with standing_in(slow) as kept, closing(Store.open(folder / "db", artifacts=folder / "artifacts")) as store:
        (folder / "outrider.toml").write_text(SOURCES.format(url=kept.url))
        workspace = load(folder)
        [(run, spans)] = slower_runs(now_us, "shop", runs=1)
        kept.traces[spans[0].trace_id] = jaeger_trace(spans[0].trace_id)
        store.runs.record(run)
        lead = Facts("status 500", step="list", run=run.id, since_us=now_us, title="shop")
        incident = Incident("3" * 8, Problem.FAILURE, now_us, 0, lead, phase=Phase.OPEN)
        for _ in range(2):
            began_s = time.perf_counter()
            with reach_joined(workspace) as telemetry:
                quotes = incident_quotes(
                    store, telemetry, incident, now_us,
                    outside_errors=OutsideErrors(partial(errors_of_traces, workspace, now_us=now_us)),
                )  # fmt: skip
            yield time.perf_counter() - began_s, len(quotes)


def asked_s(folder: Path, url: str) -> dict[str, float]:
    """Return how long a dashboard, a look at all rules, and a replay take."""

    def workspace(name: str) -> Workspace:
        """Return it with a source of another name, which is not known to be away."""
        (folder / "outrider.toml").write_text(METRICS.format(name=name, url=url))
        return load(folder)

    folder.mkdir()
    (folder / "reports" / "dashboards").mkdir(parents=True)
    panels = (f'[[panel]]\nkind = "trend"\ntitle = "{n}"\npromql = "queue + {n}"\n' for n in range(PANELS))
    (folder / "reports" / "dashboards" / "all.toml").write_text('title = "t"\n' + "".join(panels))
    (folder / "scheduler").mkdir()
    rules = (f'[[rule]]\nname = "{n}"\npromql = "sum(queue) + {n}"\nabove = 1e9\n' for n in range(RULES))
    (folder / "scheduler" / "alerts.toml").write_text("".join(rules))
    took: dict[str, float] = {}

    def measured(name: str, ask: Any) -> None:
        began_s = time.perf_counter()
        ask()
        took[name] = time.perf_counter() - began_s

    with closing(Store.open(folder / "db", artifacts=folder / "artifacts")) as store:
        shown, judged = workspace("panels"), workspace("rules")
        measured(f"{PANELS} panels", lambda: answer_dashboard(shown, "all", [], since="1d", chosen={}))
        now_s = [time.time() - 600]
        watch = SourceRuleWatch(
            lambda: workspace_sources(judged), store.aggregates.record, "production", folder / "mark",
            rules=lambda: rules_of(judged), clock=lambda: now_s[0],
        )  # fmt: skip
        now_s[0] += 300
        measured(f"a look at {RULES} rules", watch.look)
        (folder / "scheduler" / "alerts.toml").write_text('[[rule]]\nname = "q"\npromql = "queue"\nabove = 1e9\n')
        replayed = workspace("past")
        measured(f"replaying {SERIES} series of {DAYS} days", lambda: backtest_rules(replayed, store, days=DAYS))
    return took


def rows() -> Iterator[str]:
    """Yield values a minute apart."""
    now_s = int(time.time())
    for number in range(SERIES):
        for at_s in range(now_s - DAYS * 86_400, now_s, 60):
            yield f'queue{{pod="{number}"}} {number} {at_s}'


def main(wait_s: float = 2.5) -> None:
    """Print how long each takes."""
    os.environ["SOURCES_TOKEN"] = "for-the-sources"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (word, own_s) in enumerate([("at once", 0.0), (f"after {wait_s:g} s", wait_s), ("never", 600.0)]):
            first, second = explained_s(folder / str(number), own_s)
            times = " then ".join(f"{took_s:.2f} s ({quotes} lines)" for took_s, quotes in (first, second))
            print(f"an incident's lines where three sources answer {word}: {times}")
        (folder / "data").mkdir()
        with prometheus(folder / "data", rows()) as url:
            print("Prometheus:", {what: f"{took_s:.2f} s" for what, took_s in asked_s(folder / "a", url).items()})
        with standing_in() as kept:
            away = asked_s(folder / "b", f"{kept.url}/odd/waits")
            print("never answers:", {what: f"{took_s:.2f} s" for what, took_s in away.items()})


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
