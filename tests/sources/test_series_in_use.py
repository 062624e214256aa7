"""Series of real servers are judged by rules, replayed and shown; a source that is away is never zero."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.cli.test_capacity import stepped_load
from tests.listeners import free_port

from outrider.alerts import AlertSettings, Phase, QueryRule, read_incident, rules_of
from outrider.app import answer_dashboard, backtest_rules, capacity_plans, ends_first, refused_queries
from outrider.app.alerting.alert_service import AlertService
from outrider.app.lookup.source_access import workspace_sources
from outrider.app.service.subject_watch import SubjectWatch
from outrider.app.telemetry.rule_watch import LATE_S
from outrider.app.telemetry.source_rules import SourceRules, SourceRuleWatch
from outrider.baselines import Settings
from outrider.causes import KNOWN_RESOURCES, source_use
from outrider.dashboard import DashboardShelf
from outrider.model import Check, ConfigErrors, Kind
from outrider.runs import LiveJudge
from outrider.scheduler import Health
from outrider.workspace import load

from .servers import prometheus, victoria_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from outrider.dashboard.panel_answers import PanelAnswer
    from outrider.store import Store
    from outrider.workspace import Workspace

END_S = int(time.time()) // 60 * 60 - 300
FULL_S = range(END_S - 3000, END_S - 2400)
"""When the queue of pod b was full."""

GONE_S = END_S - 1800
"""When pod b was ended."""

RULES = """
[[rule]]
name = "queue"
promql = "shop_queue"
above = 100
for = "2m"

[[rule]]
name = "orders"
promql = "shop_orders"
absent = true
"""


LOADED_S = END_S - 1200
"""When a load began, of eight levels of 30 s each."""


def rows() -> Iterator[str]:
    yield from load_rows()
    for at_s in range(END_S - 5400, END_S, 15):
        yield f'shop_queue{{pod="a"}} 5 {at_s}'
    for at_s in range(END_S - 5400, GONE_S, 15):
        yield f'shop_queue{{pod="b"}} {500 if at_s in FULL_S else 5} {at_s}'


def load_rows() -> Iterator[str]:
    """Yield what a host said every ten seconds of the load: 2 % of its CPU a request; and a pool, half full at most."""
    idle_s = 0.0
    for at_s in range(LOADED_S - 600, LOADED_S + 300, 10):
        rate = min(10.0 * (1 + (at_s - 1 - LOADED_S) // 30), 50.0) if LOADED_S < at_s <= LOADED_S + 240 else 0.0
        idle_s += 10 * (1 - 0.02 * rate)
        yield f'node_cpu_seconds_total{{instance="node-9",cpu="0",mode="idle"}} {idle_s:.3f} {at_s}'
        yield f'shop_connections{{instance="shop"}} {rate / 2:.1f} {at_s}'
        yield f'up{{instance="node-9"}} 1 {at_s}'


@pytest.fixture(scope="module", params=["prometheus", "victoria-metrics"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which(request.param) is None:
        pytest.skip(f"needs Debian's {request.param}")
    serve = prometheus if request.param == "prometheus" else victoria_metrics
    with serve(tmp_path_factory.mktemp(request.param), rows()) as address:
        yield address


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


def workspace_with(folder: Path, url: str, rules: str = RULES) -> Workspace:
    """Return a workspace without telemetry whose rules ask Prometheus."""
    (folder / "outrider.toml").write_text(f'[sources.metrics]\nkind = "prometheus"\nurl = "{url}"\ntimeout = "30s"\n')
    (folder / "scheduler").mkdir(exist_ok=True)
    (folder / "scheduler" / "alerts.toml").write_text(rules)
    return load(folder)


class Judged:
    """A service whose time passes as a test says."""

    def __init__(self, store: Store, folder: Path, rules: tuple[QueryRule, ...], begin_s: int) -> None:
        self.clock_s = begin_s
        self.workspace: Workspace | None = None
        self._store = store
        self._alerts = AlertService(store, lambda: True)
        self._alerts.use(load(folder), [], AlertSettings(rules=rules))
        self._judging = SubjectWatch(
            store.aggregates, self._alerts.subject_judged, on_rule=self._alerts.rule_measured, judge_s=60
        )
        self._judging.judge = LiveJudge(store, Settings())
        self.watch = SourceRuleWatch(
            lambda: workspace_sources(self.workspace or load(folder)), store.aggregates.record, "production",
            folder / "rules.json", rules=lambda: rules, clock=lambda: self.clock_s,
        )  # fmt: skip

    def pass_to(self, at_s: int) -> dict[str, Phase]:
        """Return which incidents there are then, by what they are called."""
        while self.clock_s < at_s:
            self.clock_s = min(self.clock_s + 120, at_s)
            while self.watch.look():
                pass
            self._judging.ticked(self.clock_s * 10**6)
            self._alerts.ticked(self.clock_s * 10**6)
        incidents = [read_incident(stored) for stored in self._store.incidents.search(since_us=0)]
        return {own.lead.title: own.phase for own in incidents if own.phase is not Phase.PENDING}


def test_each_series_is_judged_and_none_while_its_source_is_away(url: str, store: Store, tmp_path: Path) -> None:
    """An incident stays open meanwhile; later all is measured that the source kept; a series that ended is no alarm."""
    workspace = workspace_with(tmp_path, url)
    away = workspace_with(tmp_path, f"http://127.0.0.1:{free_port()}")
    rules = rules_of(workspace)
    judged = Judged(store, tmp_path, rules, FULL_S.start - 600)

    judged.workspace = workspace
    opened = judged.pass_to(FULL_S.start + 300 + LATE_S)
    judged.workspace = away
    unknown = judged.pass_to(GONE_S + 900 + LATE_S)
    problems = dict(judged.watch.problems)
    judged.workspace = workspace
    ended = judged.pass_to(GONE_S + 1080 + LATE_S)

    assert opened == {"queue (pod=b)": Phase.OPEN, "orders": Phase.OPEN}
    assert unknown == opened
    assert problems.keys() == {"queue", "orders"}
    assert problems["queue"].startswith("not judged since ")
    assert problems["queue"].endswith(" UTC: source metrics cannot be reached: Connection refused")
    assert judged.watch.problems == {}
    assert ended == {"queue (pod=b)": Phase.RESOLVED, "orders": Phase.OPEN}
    series = {own.step: own for own in store.series.of(rules[0].subject)}
    samples = {name: store.series.samples(own).value.tolist() for name, own in series.items()}
    assert len(samples["pod=a"]) == (GONE_S + 1080 - FULL_S.start + 600) // 60
    assert samples["pod=b"].count(500.0) == 10
    assert samples["pod=b"][-1] == 0.0


def test_a_baseline_is_learned_from_the_past_of_the_source(url: str, store: Store, tmp_path: Path) -> None:
    """A new rule begins with the two weeks before, as far as the source has them."""
    rule = '[[rule]]\nname = "queue"\npromql = "sum(shop_queue)"\nbaseline = "above"\n'
    rules = rules_of(workspace_with(tmp_path, url, rule))
    judged = Judged(store, tmp_path, rules, END_S)

    opened = judged.pass_to(END_S + LATE_S)

    [series] = store.series.of(rules[0].subject)
    samples = store.series.samples(series)
    ends_s = range(-(-(END_S - 5400) // 300) * 300, END_S + 1, 300)
    assert [at_us // 10**6 for at_us in samples.at_us.tolist()] == [end_s - 300 for end_s in ends_s]
    assert set(samples.value.tolist()) == {5.0, 10.0, 505.0}
    assert opened == {}


def test_backtest_asks_the_past_of_the_source(url: str, store: Store, tmp_path: Path) -> None:
    """Of a rule that was just written; where the source is away, the rule is left out and that is said."""
    workspace = workspace_with(tmp_path, url, RULES.partition('\n[[rule]]\nname = "orders"')[0])

    replayed = backtest_rules(workspace, store, days=1)["as configured"]
    away = workspace_with(tmp_path, f"http://127.0.0.1:{free_port()}")
    unread = backtest_rules(away, store, days=1)["as configured"]

    [incident] = replayed.incidents
    assert (incident.lead.title, incident.lead.what) == ("queue (pod=b)", "500, above 100 (every 1m)")
    assert abs(incident.began_us // 10**6 - FULL_S.start) <= 60
    assert incident.ended_us is not None
    assert abs(incident.ended_us // 10**6 - FULL_S.stop) <= 120
    assert replayed.unread == {}
    assert (unread.incidents, sorted(unread.unread)) == ((), ["orders", "queue"])


def test_a_service_says_which_rule_is_not_judged(store: Store, tmp_path: Path) -> None:
    """Its health does, until that is well again or the rule is gone; a standby measures nothing."""
    workspace = workspace_with(tmp_path, f"http://127.0.0.1:{free_port()}")
    off = replace(workspace, capabilities=replace(workspace.capabilities, sources=False))
    health, now_s, leads = Health(), [0.0], [False]
    listener = SourceRules(store.aggregates, health, lambda: leads[0], clock=lambda: now_s[0])

    problems = []
    for at_s, leading, own in ((0, False, workspace), (300, True, workspace), (600, True, workspace), (900, True, off)):
        now_s[0], leads[0] = at_s, leading
        listener.use(own, rules_of(own))
        listener.ticked(at_s * 10**6)
        listener.close()
        problems.append(sorted(health.problems))

    assert problems == [[], [], ["rule orders", "rule queue"], []]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("promql = 'sum(up'", 'alerts.toml:4: rule.promql = "sum(up" is no PromQL: the "(" at character 4'),
        ("promql = 'up{a=\"b}'", 'the text at character 6 does not end'),
        ("promql = 'up]'", 'nothing opens the "]" at character 3'),
        ("source = 'metrcs'", 'alerts.toml:6: rule.source = "metrcs" is no source of PromQL'),
        ("logs = ''", "rule.logs stands beside promql"),
        ("by = 'pod'", "rule.by stands beside promql"),
        ("series_labels = ['pod', 'severity']", "names severity, which Outrider sets itself"),
        ("measure = 'count'", "rule.measure stands beside promql"),
        ("pattern = 'new'", "rule.promql stands beside pattern"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_told_with_file_and_line(tmp_path: Path, written: str, expected: str) -> None:
    """Without asking the source."""
    lines = {"name": "name = 'queue'", "promql": "promql = 'up'", "above": "above = 1"}
    lines |= {line.partition(" ")[0]: line for line in written.splitlines()}
    rules = "\n[[rule]]\n" + "\n".join(lines.values()) + "\n"

    with pytest.raises(ConfigErrors) as caught:
        rules_of(workspace_with(tmp_path, "http://127.0.0.1:1", rules))

    texts = [str(problem) for problem in caught.value.problems]
    assert any(expected in problem for problem in texts), texts


def test_a_rule_needs_a_source(tmp_path: Path) -> None:
    """One that is named where there are several."""
    workspace = workspace_with(tmp_path, "http://127.0.0.1:1")
    settings = (tmp_path / "outrider.toml").read_text()

    (tmp_path / "outrider.toml").write_text("")
    with pytest.raises(ConfigErrors, match="asks a source of PromQL, of which this workspace has none"):
        rules_of(load(tmp_path))
    (tmp_path / "outrider.toml").write_text(settings + settings.replace("metrics", "others"))
    with pytest.raises(ConfigErrors, match=r"rule.source is missing, and there are several sources of PromQL"):
        rules_of(load(tmp_path))
    assert [rule.source for rule in rules_of(workspace)] == ["metrics", "metrics"]


BOARD = """
title = "Queues"

[variables.pod]
values = ["a", "b"]

[[panel]]
kind = "trend"
title = "Each"
promql = 'shop_queue{pod=~"$pod"}'
every = "5m"

[[panel]]
kind = "bar"
title = "Most"
promql = 'max_over_time(shop_queue{pod=~"$pod"}[$every])'
unit = "orders"

[[panel]]
kind = "bar"
title = "Others"
promql = 'max_over_time(shop_queue{pod!~"$pod"}[$every])'

[[panel]]
kind = "number"
title = "None"
promql = "shop_orders"

[[panel]]
kind = "table"
title = "Wrong"
promql = "sum(shop_queue) by pod"
"""


def shown(workspace: Workspace, chosen: Mapping[str, str]) -> dict[str, PanelAnswer]:
    view = answer_dashboard(workspace, "queues", [], since="6h", chosen=chosen)
    return {answer.panel.title: answer for answer in view.answers}


def test_panels_show_series_and_say_why_they_do_not(url: str, tmp_path: Path) -> None:
    """A value of a variable stays one label's value; what the source refuses, and that it is away, is the panel's."""
    workspace = workspace_with(tmp_path, url)
    (tmp_path / "reports" / "dashboards").mkdir(parents=True)
    (tmp_path / "reports" / "dashboards" / "queues.toml").write_text(BOARD)

    both, one = shown(workspace, {}), shown(workspace, {"pod": "b"})
    hostile = shown(workspace, {"pod": 'b"} or shop_queue{pod="a'})
    tried = [*refused_queries(workspace, ["metrics"])]
    away = shown(workspace_with(tmp_path, f"http://127.0.0.1:{free_port()}"), {})
    off = shown(replace(workspace, capabilities=replace(workspace.capabilities, sources=False)), {})

    assert both["Each"].table.columns == ("time", "b", "a")
    assert {row[1] for row in both["Each"].table.rows} == {None, 5.0, 500.0}
    assert both["Most"].table.rows == (("b", 500.0), ("a", 5.0))
    assert (both["Most"].table.columns, one["Most"].table.columns) == (("pod", "value"), ("series", "value"))
    assert one["Most"].table.rows == (("pod=b", 500.0),)
    assert (both["Others"].table.rows, one["Others"].table.rows) == (both["Most"].table.rows, (("pod=a", 5.0),))
    assert hostile["Most"].reason == both["None"].reason == "the query has no series in this time"
    refused = both["Wrong"].problem
    assert refused is not None
    assert refused.what.startswith("source metrics refuses the query: ")
    assert [own.partition("query: ")[0] for own in tried] == ["panel Wrong of queues: source metrics refuses the "]
    reasons = {title: answer.problem.what for title, answer in away.items() if answer.problem is not None}
    assert reasons == dict.fromkeys(both, "source metrics cannot be reached: Connection refused")
    assert {answer.problem.what for answer in off.values() if answer.problem} == {"asking sources is switched off"}


@pytest.mark.parametrize(
    ("written", "line", "expected"),
    [
        ("promql = 'sum(up'", 5, 'the "(" at character 4 is not closed'),
        ("promql = 'up{pod=\"$pod\"}'", 5, '$pod is not the whole pattern of a label'),
        ("promql = 'up{pod=~\"x$pod\"}'", 5, '$pod is not the whole pattern of a label'),
        ("promql = 'up{pod=~\"$zone\"}'", 5, "$zone is no variable"),
        ("promql = 'up{$pod}'", 5, "$pod stands outside of a text"),
        ("promql = 'up'\nsource = 'metrcs'", 6, "is no source of PromQL"),
        ("promql = 'up'\nby = ['pod']", 6, "stands beside promql"),
        ("promql = 'up'\nlogs = ''", 6, "stands beside promql"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_panel_is_told_with_its_line(
    tmp_path: Path, written: str, line: int, expected: str
) -> None:
    """Without asking the source."""
    folder = tmp_path / "reports" / "dashboards"
    folder.mkdir(parents=True)
    panel = f'title = "t"\n[[panel]]\nkind = "trend"\ntitle = "a"\n{written}\n[variables.pod]\nvalues = ["a"]\n'
    (folder / "queues.toml").write_text(panel)

    file = DashboardShelf(tmp_path, ("metrics",)).read("queues")

    lines = [(problem.where.line if problem.where else 0, str(problem)) for problem in file.problems]
    assert any(own == line and expected in text for own, text in lines), lines


def test_capacity_reads_what_hosts_and_pools_said(url: str, store: Store, tmp_path: Path) -> None:
    """By what exporters are known to say, and by queries of the workspace; a source that is away is said."""
    run = stepped_load(LOADED_S * 10**6)
    store.checks.record([Check(run.check, Kind.LOAD, "load.toml", "shoppers", "shoppers")], run.due_us)
    store.runs.record(run)
    workspace = workspace_with(tmp_path, url)
    (tmp_path / "outrider.toml").write_text(
        (tmp_path / "outrider.toml").read_text() + '[sources.metrics.resources]\n"pool" = "shop_connections / 50"\n'
    )

    [plan] = capacity_plans(load(tmp_path), store)
    [away] = capacity_plans(workspace_with(tmp_path, f"http://127.0.0.1:{free_port()}"), store)
    off = replace(workspace, capabilities=replace(workspace.capabilities, sources=False))
    [without] = capacity_plans(off, store)

    first = plan.limits.first
    assert first is not None
    assert first.name == "CPU of node-9"
    assert first.limit.rate == pytest.approx(50, rel=0.05)
    full_at = {own.name: own.limit.rate for own in plan.limits.resources}
    assert full_at["pool of shop"] == pytest.approx(100, rel=0.05)
    assert (plan.unread, plan.unknown) == ({}, "this workspace takes no telemetry")
    assert ends_first(away) == (
        "unknown what ends first: no metrics of hosts, runtimes or pools came in during the load:"
        " docs/telemetry.md#hosts; not read of metrics: source metrics cannot be reached: Connection refused"
    )
    assert ends_first(without) == "unknown what ends first: this workspace takes no telemetry"


@pytest.mark.parametrize("name", KNOWN_RESOURCES)
def test_known_resources_are_queries(url: str, tmp_path: Path, name: str) -> None:
    """Prometheus understands each, with and without labels."""
    sources = workspace_sources(workspace_with(tmp_path, url))

    use = [
        source_use(sources.series, {name: KNOWN_RESOURCES[name]}, selector, LOADED_S, LOADED_S + 240)
        for selector in ("", 'instance=~"node-.*"', 'instance="other"')
    ]

    assert [own.unread for own in use] == ["", "", ""]
    assert [len(own.resources) for own in use] == ([1, 1, 0] if name == "CPU" else [0, 0, 0])
