"""Rules over queries: from log records in the engine to an incident, and to its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store
from tests.telemetry_store.samples import NOW_NS, SECOND_NS, log_record, span

from outrider.alerts import AlertSettings, Phase, Problem, QueryRule, Severity, read_incident, stored_findings
from outrider.app.alerting.alert_service import AlertService
from outrider.app.service.subject_watch import SubjectWatch
from outrider.app.telemetry.pattern_watch import PERIOD_S, PatternWatch
from outrider.app.telemetry.rule_watch import LATE_S, RuleWatch, past_samples
from outrider.baselines import Direction, Settings
from outrider.model import Notable, RecordKind
from outrider.runs import LiveJudge
from outrider.telemetry_store import NOTABLE_FILE, read_notable
from outrider.telemetry_store.telemetry_inserts import TelemetryTables
from outrider.telemetry_store.telemetry_search import TelemetrySearch
from outrider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from outrider.alerts import Incident
    from outrider.model import LogRecord
    from outrider.store import Store
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient

NOW_S = NOW_NS // SECOND_NS
END_S = NOW_S // 60 * 60


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


class Rules:
    """A service of which time passes as a test says."""

    def __init__(self, client: ClickHouseClient, store: Store, folder: Path, rules: Sequence[QueryRule]) -> None:
        self.clock_s = 0.0
        self.waits_since_s = float("inf")
        self.patterns: PatternWatch | None = None
        self._client, self._store, self._mark, self._rules = client, store, folder / "rules.json", rules
        self._alerts = AlertService(store, lambda: True)
        self._alerts.use(Workspace(root=folder, name="t"), [], AlertSettings(rules=tuple(rules)))
        self._judging = SubjectWatch(
            store.aggregates, self._alerts.subject_judged, on_rule=self._alerts.rule_measured, judge_s=60
        )
        self._judging.judge = LiveJudge(store, Settings())

    def start(self, at_s: float) -> None:
        self.clock_s = at_s
        self._watch = RuleWatch(
            TelemetrySearch(self._client), self._store.aggregates.record, "production", self._mark,
            rules=lambda: self._rules, patterns=lambda: self.patterns, waits_since=lambda: self.waits_since_s,
            clock=lambda: self.clock_s,
        )  # fmt: skip

    def pass_to(self, at_s: int, every_s: int = 60) -> None:
        while self.clock_s < at_s:
            self.clock_s = min(self.clock_s + every_s, at_s)
            while self._watch.look():
                pass
            self._judging.ticked(round(self.clock_s * 1e6))
            self._alerts.ticked(round(self.clock_s * 1e6))

    def incidents(self) -> list[Incident]:
        return [
            incident
            for stored in self._store.incidents.search(since_us=0)
            if (incident := read_incident(stored)).phase is not Phase.PENDING
        ]

    def values(self, rule: QueryRule) -> list[float]:
        return [value for own in self._store.series.of(rule.subject) for value in self._store.series.samples(own).value]


def test_a_count_above_its_limit_opens_an_incident_that_ends_with_it(
    shared: ClickHouseClient, service: str, store: Store, tmp_path: Path
) -> None:
    """For three minutes there are too many; others' records, and those that say something else, do not count."""
    bad = [log_record(service, "card declined", ago_s=NOW_S - END_S + 60 * m + s) for m in (6, 7, 8) for s in range(30)]
    other = [log_record(service, ago_s=NOW_S - END_S + second) for second in range(600)]
    TelemetryTables(shared).insert_logs([*bad, *other], token=service)
    labels = {"severity": "critical", "team": "shop"}
    rule = QueryRule(
        "declined", RecordKind.LOGS, f'service:{service} "card declined"', above=20.0, for_s=120.0, labels=labels
    )
    rules = Rules(shared, store, tmp_path, [rule])
    rules.start(END_S - 660)

    rules.pass_to(END_S - 360 + LATE_S)
    [opened] = rules.incidents()
    rules.pass_to(END_S - 240 + LATE_S)
    [ended] = rules.incidents()

    assert (opened.problem, opened.severity, opened.phase) == (Problem.RULE, Severity.CRITICAL, Phase.OPEN)
    assert opened.lead.what == "30, above 20 (count of 1m)"
    assert opened.began_us == (END_S - 540) * 1_000_000
    assert opened.labels["team"] == "shop"
    assert ended.phase is Phase.RESOLVED


def test_a_rule_that_is_new_is_measured_over_the_past(shared: ClickHouseClient, service: str) -> None:
    """Minutes without a record are 0, but in hours in which there was no log record at all."""
    times = [60 * m for m in (1, 1, 3, 300)]
    records = [log_record(service, "card declined", ago_s=NOW_S - END_S + ago_s) for ago_s in times]
    TelemetryTables(shared).insert_logs(records, token=f"past {service}")
    rule = QueryRule("declined", RecordKind.LOGS, f"service:{service}", above=20.0)

    samples = past_samples(TelemetrySearch(shared), rule, "production", END_S - 86_400, END_S + LATE_S)

    counts = {sample.at_us // 1_000_000: sample.value for sample in samples}
    last = {END_S - ago_s: counts.get(END_S - ago_s) for ago_s in (60, 180, 18_000)}
    assert last == {END_S - 60: 2.0, END_S - 180: 1.0, END_S - 18_000: 1.0}
    assert set(counts.values()) == {0.0, 1.0, 2.0}
    assert {sample.subject for sample in samples} == {rule.subject}


def test_a_new_pattern_of_errors_opens_an_incident(
    shared: ClickHouseClient, service: str, store: Store, tmp_path: Path
) -> None:
    """Of the records that the query finds: a new warning is none. It ends half an hour after it was last seen."""
    end_s = NOW_S // PERIOD_S * PERIOD_S
    began = NOW_S - (end_s - PERIOD_S)
    errors = [
        log_record(service, f"card {number} declined by bank", ago_s=began - 10 - number, severity_number=17)
        for number in range(4)
    ]
    warnings = [log_record(service, "disk is nearly full", ago_s=began - 20 - n, severity_number=13) for n in range(5)]
    TelemetryTables(shared).insert_logs([*errors, *warnings], token=f"patterns {service}")
    (tmp_path / "memory.json").write_text(
        json.dumps(
            {
                "until_s": end_s - 2 * PERIOD_S,
                "services": {service: {"seen_s": end_s - 3 * 86_400, "patterns": []}},
            }
        )
    )
    clock = [float(end_s + 60)]
    search = TelemetrySearch(shared)
    notable = tmp_path / ".outrider" / NOTABLE_FILE
    watch = PatternWatch(search, tmp_path / "memory.json", notable, clock=lambda: clock[0])
    rule = QueryRule(
        "new", RecordKind.LOGS, f"service:{service} level>=error", every_s=PERIOD_S, above=0.0, pattern=Notable.NEW
    )
    rules = Rules(shared, store, tmp_path, [rule])
    rules.patterns = watch
    rules.start(end_s - 2 * PERIOD_S)
    watch.look()

    rules.pass_to(end_s + 120)
    [opened] = rules.incidents()
    clock[0] += 2_400
    watch.look()
    rules.pass_to(end_s + 2_500)
    [ended] = rules.incidents()

    told = [(row.text, row.severity_number) for row in read_notable(notable) if row.service == service]
    assert sorted(told) == [("card * declined by bank", 17), ("disk is nearly full", 13)]
    what = f'1 pattern of log records is new: {service}: "card * declined by bank", such as "card 3 declined by bank"'
    assert (opened.phase, opened.lead.what) == (Phase.OPEN, what)
    assert {row.text: row.rules for row in read_notable(notable)} == {
        "card * declined by bank": ("new",), "disk is nearly full": (),
    }  # fmt: skip
    assert ended.phase is Phase.RESOLVED


def test_each_value_of_a_key_has_incidents_of_its_own(
    shared: ClickHouseClient, service: str, store: Store, tmp_path: Path
) -> None:
    """A shop that fails first recovers first, and what has vanished counts as 0, also after a restart."""
    began_s = END_S - 600

    def failures(shop: str, minutes: Sequence[int]) -> list[LogRecord]:
        times = [began_s + 60 * minute + second for minute in minutes for second in range(10)]
        return [log_record(service, "failed", ago_s=NOW_S - at_s, attributes={"shop": shop}) for at_s in times]

    plain = [log_record(service, "failed", ago_s=NOW_S - began_s - second) for second in range(50)]
    TelemetryTables(shared).insert_logs([*failures("a", [0, 1]), *failures('b "2"', [1, 2, 3]), *plain], token=service)
    rule = QueryRule("failing", RecordKind.LOGS, f"service:{service} failed", above=5.0, by="shop")
    rules = Rules(shared, store, tmp_path, [rule])

    def open_after(minutes: int) -> dict[str, Phase]:
        rules.pass_to(began_s + 60 * minutes + LATE_S)
        return {incident.lead.title: incident.phase for incident in rules.incidents()}

    rules.start(began_s)
    first, both, one = open_after(1), open_after(2), open_after(3)
    rules.start(began_s + 240)
    none = open_after(5)

    a, b = "failing (a)", 'failing (b "2")'
    assert (first, both) == ({a: Phase.OPEN}, {a: Phase.OPEN, b: Phase.OPEN})
    assert (one, none) == ({a: Phase.RESOLVED, b: Phase.OPEN}, {a: Phase.RESOLVED, b: Phase.RESOLVED})
    assert {incident.labels["step"] for incident in rules.incidents()} == {"a", 'b "2"'}
    past = stored_findings(store, Settings(), AlertSettings(rules=(rule,)), since_us=0)
    assert [finding.facts.title for finding in past if finding.present] == [a, a, b, b]  # the restart took a minute


def test_the_largest_fifty_values_are_told_apart_and_let_go_after_a_day(
    shared: ClickHouseClient, service: str, store: Store, tmp_path: Path
) -> None:
    """All others are one; a place is free for others a day after its value's last record."""
    hour_s = END_S // 3600 * 3600
    begin_s = hour_s - 2 * 86_400 + 1800

    def records(shop: int, count: int, at_s: int) -> list[LogRecord]:
        return [
            log_record(service, ago_s=NOW_S - at_s - n % 60, attributes={"shop": f"{shop:02}"}) for n in range(count)
        ]

    early = [record for shop in range(53) for record in records(shop, shop + 1, begin_s)]
    TelemetryTables(shared).insert_logs([*early, *records(99, 7, hour_s - 1800)], token=service)
    rule = QueryRule("few", RecordKind.LOGS, f"service:{service}", every_s=3600, below=1.0, by="shop")
    rules = Rules(shared, store, tmp_path, [rule])
    rules.start(begin_s - 1800)

    rules.pass_to(hour_s + LATE_S, every_s=3600)

    values = {own.step: store.series.samples(own).value.tolist() for own in store.series.of(rule.subject)}
    assert set(values) == {f"{shop:02}" for shop in range(3, 53)} | {"other", "99"}
    assert (values["52"], values["other"]) == ([53.0] + [0.0] * 23, [6.0] + [0.0] * 23)
    assert values["99"] == [7.0]


def test_absence_is_told_and_our_own_absence_is_none(
    shared: ClickHouseClient, service: str, store: Store, tmp_path: Path
) -> None:
    """What waits in the spool is no silence, and neither is the time in which Outrider did not run."""
    rule = QueryRule("silent", RecordKind.LOGS, f"service:{service}", absent=True, for_s=120.0)
    rules = Rules(shared, store, tmp_path, [rule])
    rules.start(END_S - 3600)
    TelemetryTables(shared).insert_logs(
        [log_record(service, ago_s=NOW_S - END_S + 3600 - 10 * n) for n in range(30)], token=service
    )

    rules.pass_to(END_S - 3300 + LATE_S)
    rules.waits_since_s = END_S - 3300
    rules.pass_to(END_S - 2000)
    while_it_waits = rules.incidents()
    rules.waits_since_s = float("inf")
    rules.start(END_S - 1200)
    rules.pass_to(END_S - 1140 + LATE_S)
    after_a_pause = rules.incidents()
    rules.pass_to(END_S - 1080 + LATE_S)

    assert (while_it_waits, after_a_pause) == ([], [])
    [incident] = rules.incidents()
    assert (incident.problem, incident.lead.what) == (Problem.RULE, "none in 2m")
    assert rules.values(rule)[:5] == [6.0] * 5


@pytest.mark.parametrize("by", ["", "kind"])
def test_a_baseline_learns_from_what_is_kept_and_sees_what_is_slower(
    shared: ClickHouseClient, service: str, store: Store, tmp_path: Path, by: str
) -> None:
    """Three days of spans are measured first, from the first one on; of each value of a key by itself."""
    begin_s, bad_s = END_S // 300 * 300 - 2 * 86_400 - 7200, END_S // 300 * 300 - 1800
    spans = [
        span(
            service, ago_s=NOW_S - at_s, duration_ms=(240 if at_s >= bad_s else 80) + at_s // 60 % 7,
            trace_id=f"{at_s:032x}", span_id=f"{at_s:016x}",
        )
        for at_s in range(begin_s, END_S // 300 * 300, 60)
    ]  # fmt: skip
    TelemetryTables(shared).insert_spans(spans, token=service)
    rule = QueryRule(
        "slow", RecordKind.SPANS, f"service:{service}", "p95(duration)", every_s=300, baseline=Direction.UP, by=by
    )
    rules = Rules(shared, store, tmp_path, [rule])
    rules.start(bad_s)

    rules.pass_to(END_S // 300 * 300 + LATE_S, every_s=300)

    [incident] = rules.incidents()
    assert (incident.lead.title, incident.lead.predicate) == ("slow (Server)" if by else "slow", "is higher than usual")
    assert incident.lead.what.startswith("24")
    assert len(rules.values(rule)) == (END_S // 300 * 300 - begin_s) // 300
