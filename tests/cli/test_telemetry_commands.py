"""`outrider logs`, `traces` and `services`, against an engine."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.builders import run_of
from tests.cli.conftest import Desk
from tests.telemetry_store.samples import SECOND_NS, log_record, point, span
from tests.traced_steps import SLOWER_RUNS, slower_runs

from outrider.alerts import Facts, Incident, Phase, Problem
from outrider.alerts.incident_records import stored_incident
from outrider.app import find_workspace, follow_logs, follow_spans, open_store, open_telemetry, reach_when_back
from outrider.cli.logs import logs
from outrider.model import (
    AggregateSample,
    AlertChanges,
    AttemptTrace,
    Measurement,
    Outcome,
    Subject,
    SubjectKind,
    SumValue,
)
from outrider.telemetry import LEDGER, DayLedger, Tally
from outrider.telemetry_store import EngineOptions, EngineProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


needs_engine = pytest.mark.skipif(find_spec("chdb") is None, reason="the extra `telemetry` is not installed")
TRACE = "0123456789abcdef" * 2
PASSWORD = "s3cret-word"


def new_desk(folder: Path, settings: str) -> Desk:
    desk = Desk(folder / "ws", folder / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", settings)
    return desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A workspace with some telemetry, whose engine runs."""
    desk = new_desk(tmp_path_factory.mktemp("telemetry"), "[telemetry]\n")
    with open_telemetry(find_workspace(desk.root)) as telemetry:
        root = span("shop", "GET /cart", trace_id=TRACE, span_id="1" * 16, duration_ms=250, status="Error")
        child = span("pay", "charge", ago_s=59.9, trace_id=TRACE, span_id="2" * 16, parent_span_id="1" * 16)
        circle = span("pay", "loop", ago_s=59, trace_id=TRACE, span_id="3" * 16, parent_span_id="3" * 16)
        telemetry.insert_spans([child, root, circle], token="spans")
        records = [
            log_record("shop", "order 4711 created", ago_s=30, attributes={"tenant": "acme"}),
            log_record("shop", "payment timed out", ago_s=20, severity_text="", severity_number=17, trace_id=TRACE),
            log_record("pay", "card \x1b[31mrefused", ago_s=10, attributes={"tenant": "acme"}),
        ]
        telemetry.insert_logs(records, token="logs")
        said_ns = time.time_ns() - 10 * SECOND_NS  # only what was said within a quarter of an hour counts as the last
        resource, states = {"host.name": "node-1"}, {"used": 300.0, "free": 700.0}
        memory = [
            point(
                "unknown_service", SumValue(size, is_monotonic=False, is_delta=False), "system.memory.usage"
            )._replace(time_ns=said_ns, resource=resource, attributes={"state": state})
            for state, size in states.items()
        ]
        telemetry.insert_metrics(memory, token="metrics")
        yield desk


@needs_engine
def test_logs_are_listed_the_newest_last(desk: Desk) -> None:
    """A line has time, level, service, text and trace; escapes of a terminal are shown, not obeyed."""
    finished = desk.outrider("logs")

    lines = finished.stdout.splitlines()
    assert [line.split("  ")[1].strip() for line in lines] == ["INFO", "ERROR", "INFO"]
    assert lines[1].endswith(f"shop  payment timed out  trace:{TRACE}")
    assert "\x1b" not in lines[2]


@needs_engine
def test_a_query_is_taken_in_one_argument_or_several(desk: Desk) -> None:
    """What a shell left of the quotes is searched."""
    together = desk.json("logs", 'service:shop "timed out" since:2h', "--json")
    apart = desk.json("logs", "service:shop", "level>=error", "--json")

    assert [record["body"] for record in together] == ["payment timed out"]
    assert together == apart
    assert together[0]["resource"] == {"service.name": "shop"}


@needs_engine
def test_a_service_tells_what_its_runtime_and_its_operations_do(desk: Desk) -> None:
    """Each metric as it was said last; an operation that deviates says so below its line."""
    at_us = time.time_ns() // 300_000_000_000 * 300_000_000
    subject = Subject.of(SubjectKind.SERVICE, "shop")
    figures = {"operation_p95_ms": 820.0, "operation_p95_ms_usual": 210.0}
    moved = [AggregateSample(subject, "GET /cart", name, "production", "", at_us, figures[name]) for name in figures]
    workspace = find_workspace(desk.root)
    with open_store(workspace) as store:
        store.aggregates.record(moved)
    with open_telemetry(workspace) as telemetry:
        own = SumValue(5e6, is_monotonic=False, is_delta=False)
        telemetry.insert_metrics([point("shop", own, "process.memory.usage")], token="runtime")

    [said] = desk.json("services", "shop", "--show", "runtime", "--json")
    [operation] = desk.json("services", "shop", "--json")
    table = desk.outrider("services", "shop").stdout

    assert (said["metric"], said["kind"], said["value"]) == ("process.memory.usage", "level", 5e6)
    assert "process.memory.usage" in desk.outrider("services", "shop", "--show", "runtime").stdout
    assert [(own["metric"], own["value"]) for own in operation["moved"]] == [("duration_ms", 820.0)]
    assert "p95 820 ms, usually 210 ms" in table


@needs_engine
def test_a_saved_view_is_asked_by_its_name(desk: Desk) -> None:
    """What is written beside it narrows it, alternatives kept together; it is of one page, and can be removed."""
    desk.outrider("views", "bad", "card", "OR", '"timed out"')
    desk.outrider("views", "slow", "duration>200ms", "--of", "traces")

    listed = desk.json("views", "--json")
    shown = desk.outrider("views").stdout
    found = desk.json("logs", "--view", "bad", "service:pay", "since:2h", "--json")
    spans = desk.json("traces", "--view", "slow", "--json")
    refused = [desk.outrider(*words) for words in (("logs", "--view", "slow"), ("views", "bad"), ("views", "--remove"))]
    left = desk.json("views", "bad", "--remove", "--json")

    assert [(view["page"], view["name"], view["query"]) for view in listed] == [
        ("logs", "bad", 'card OR "timed out"'), ("traces", "slow", "duration>200ms"),
    ]  # fmt: skip
    assert 'card OR "timed out"' in shown
    assert [record["service"] for record in found] == ["pay"]
    assert [span["name"] for span in spans] == ["GET /cart"]
    assert [done.returncode for done in refused] == [2, 2, 2]
    assert "did you mean bad" in refused[0].stderr or "[unknown-view]" in refused[0].stderr
    assert [view["name"] for view in left] == ["slow"]


@needs_engine
def test_the_rest_is_told(desk: Desk) -> None:
    """A cut list says so, and an empty one says that nothing matches."""
    assert "there are earlier ones" in desk.outrider("logs", "--limit", "1").stderr
    assert "no record matches" in desk.outrider("logs", "nowhere").stderr
    assert "no span matches" in desk.outrider("traces", "f" * 32).stderr


@needs_engine
def test_a_wrong_query_is_a_wrong_argument_that_shows_its_column(desk: Desk) -> None:
    """The mark stands below the column."""
    finished = desk.outrider("logs", 'service:shop "timed')

    assert finished.returncode == 2
    assert "column 14: the quote is not closed" in finished.stderr
    assert "[bad-query]" in finished.stderr


@needs_engine
def test_logs_and_spans_are_counted_by_keys_and_time(desk: Desk) -> None:
    """Any of the options makes a table of a list."""
    assert desk.json("logs", "--by", "tenant", "--json") == [
        {"tenant": "acme", "count": 2.0},
        {"tenant": "", "count": 1.0},
    ]
    [row] = desk.json("traces", "service:shop", "--measure", "p50(duration)", "--json")
    assert row["p50(duration)"] == pytest.approx(250, rel=0.01)
    assert sum(row["count"] for row in desk.json("logs", "--every", "1m", "--json")) == 3
    assert "time (UTC)" in desk.outrider("logs", "--every", "1m").stdout


@pytest.mark.parametrize("every", ["0s", "1ms"])
def test_a_period_of_less_than_a_second_is_refused(every: str) -> None:
    """It was taken for none."""
    finished = CliRunner().invoke(logs, ["--every", every])

    assert (finished.exit_code, finished.stdout) == (2, "")
    assert "a second at least" in finished.stderr


BOARD = """title = "Shop"
[variables.service]
logs = ""
by = "service"
[[panel]]
kind = "table"
title = "Who logs"
logs = "service:$service"
by = ["service"]
[[panel]]
kind = "trend"
title = "Rate"
logs = ""
every = "1m"
[[panel]]
kind = "number"
title = "Availability"
checks = ["*"]
show = "availability"
[[panel]]
kind = "text"
title = "Note"
text = "Ask \\u001b[31mus."
"""


@needs_engine
def test_dashboards_are_listed_checked_and_shown(desk: Desk) -> None:
    """With what their queries find, of all values or one; a wrong file is told with its line."""
    desk.write("reports/dashboards/shop.toml", BOARD)

    listed = desk.json("dashboards", "list", "--json")
    text = desk.outrider("dashboards", "show", "shop", "--since", "1h").stdout
    panels = desk.json("dashboards", "show", "shop", "--since", "1h", "--set", "service=pay", "--json")["panels"]
    refused = desk.outrider("dashboards", "show", "shop", "--set", "servce=pay")
    desk.write("reports/dashboards/wrong.toml", 'title = "t"\n[[panel]]\nkind = "tredn"\ntitle = "a"\n')
    wrong = desk.outrider("dashboards", "validate", "shop", "wrong")
    unknown = desk.outrider("dashboards", "validate", "shopp")
    (desk.root / "reports/dashboards/wrong.toml").unlink()

    assert [(item["name"], item["panels"], item["problems"]) for item in listed] == [("shop", 4, [])]
    assert [line.split() for line in text.splitlines() if line.startswith(("shop", "pay"))] == [
        ["shop", "2"], ["pay", "1"],
    ]  # fmt: skip
    assert "service: all" in text
    assert "no check matches" in text
    assert "\x1b" not in text
    assert panels[0]["rows"] == [["pay", 1.0]]
    assert sum(row[1] for row in panels[1]["rows"]) == 3
    assert (refused.returncode, "did you mean" in refused.stderr) == (2, True)
    assert (wrong.returncode, wrong.stdout) == (2, "2 dashboards, 2 problems\n")
    assert 'reports/dashboards/shop.toml:18: panel.checks has "*", which matches no check' in wrong.stderr
    assert "reports/dashboards/wrong.toml:3: panel.kind" in wrong.stderr
    assert "[unknown-dashboard]" in unknown.stderr


@needs_engine
def test_a_trace_is_shown_below_its_root(desk: Desk) -> None:
    """Children are indented; a span that is its own parent is shown once."""
    finished = desk.outrider("traces", TRACE)

    names = [line[line.index("  shop" if "shop" in line else "  pay") :] for line in finished.stdout.splitlines()[1:]]
    assert [name.split()[1] for name in names] == ["GET", "charge", "loop"]
    assert finished.stdout.index("pay  charge") > 0
    assert [span["name"] for span in desk.json("traces", TRACE, "--json")] == ["GET /cart", "charge", "loop"]
    assert [span["name"] for span in desk.json("traces", "status:error", "--json")] == ["GET /cart"]


@needs_engine
def test_the_spans_of_a_run_are_shown_trace_by_trace(desk: Desk) -> None:
    """With attempt and step; a trace without spans says so, and why that may be."""
    traces = (AttemptTrace(TRACE, "pay"), AttemptTrace("f" * 32))
    run = run_of(Measurement(Outcome.PASSED, "", 1, 1.0, traces=traces), "probe:shop")
    with open_store(find_workspace(desk.root)) as store:
        store.runs.record(run)

    shown = desk.outrider("traces", "--run", run.id[:13])
    [known, unknown] = desk.json("traces", "--run", run.id, "--json")
    [one] = desk.json("traces", "--run", run.id, "--limit", "1", "--json")

    assert f"trace {TRACE}  attempt 1, pay\n" in shown.stdout
    assert "GET /cart" in shown.stdout
    assert f"trace {'f' * 32}  attempt 1  no spans\n" in shown.stdout
    assert "1 of 2 traces have no spans: spans are kept for 3 d, and the run is older" in shown.stderr
    assert known["links"] == [{"attempt": 1, "step": "pay", "kind": "synthetic", "source": "outrider"}]
    assert [span["name"] for span in known["spans"]] == ["GET /cart", "charge", "loop"]
    assert (unknown["trace_id"], unknown["spans"], one["trace_id"]) == ("f" * 32, [], TRACE)


@needs_engine
def test_a_run_without_traces_says_so(desk: Desk) -> None:
    """And a query beside a run is refused, as is a run that nobody knows."""
    run = run_of(Measurement(Outcome.PASSED, "", 1, 1.0), "probe:shop")
    with open_store(find_workspace(desk.root)) as store:
        store.runs.record(run)

    assert "the run names no trace: traces were switched off" in desk.outrider("traces", "--run", run.id).stderr
    assert "[bad-argument]" in desk.outrider("traces", "--run", run.id, "service:shop").stderr
    assert "[unknown-run]" in desk.outrider("traces", "--run", "ffffffff").stderr


@needs_engine
def test_hosts_show_what_they_said_last(desk: Desk) -> None:
    """Only what was sent; where nothing was in a time, how to send it."""
    [host] = desk.json("hosts", "--json")

    assert (host["name"], host["memory"], host["cpu"], host["services"]) == ("node-1", 0.3, None, [])
    assert "30 %" in desk.outrider("hosts").stdout
    assert "how to send them" in desk.outrider("hosts", "--since", "1s").stderr


@needs_engine
def test_services_show_rate_errors_and_durations(desk: Desk) -> None:
    """Of a service, its operations."""
    services = {row["service"]: row for row in desk.json("services", "--json")}
    operations = desk.json("services", "pay", "--json")

    assert services["shop"]["error_share"] == 1.0
    assert services["shop"]["p50_ms"] == pytest.approx(250, rel=0.01)
    assert {row["operation"] for row in operations} == {"charge", "loop"}
    assert "per minute" in desk.outrider("services").stdout
    assert "no spans" in desk.outrider("services", "nowhere").stderr


def test_services_tell_what_was_dropped_today(desk: Desk) -> None:
    """By signal, reason and sender; without an engine."""
    tally = Tally()
    tally.add("logs beyond the budget of the day", 7, source="token shop", service="pay")
    DayLedger(desk.root / ".outrider" / "telemetry" / LEDGER, tally).write()

    dropped = desk.json("services", "--show", "dropped", "--json")

    lost = {"signal": "logs", "reason": "beyond the budget of the day", "count": 7}
    assert {**lost, "source": "token shop", "service": "pay"} in dropped
    shown = desk.outrider("services", "--show", "dropped").stdout
    assert all(text in shown for text in ("beyond the budget", "token shop", "pay"))


@needs_engine
def test_services_tell_whom_they_call_and_what_they_run(desk: Desk) -> None:
    """Dependencies, deployments, instances and statements, as tables and as JSON."""
    trace = "e" * 32
    with open_telemetry(find_workspace(desk.root)) as telemetry:
        asked = span("web", "call", kind="Client", ago_s=600, trace_id=trace, span_id="5" * 16, attributes={})
        answered = span("books", "GET /", ago_s=600, trace_id=trace, span_id="6" * 16, parent_span_id="5" * 16)
        query = {"db.system": "postgresql", "db.name": "books", "db.statement": "SELECT 1 FROM t WHERE id = 7"}
        asks = span("books", "q", kind="Client", ago_s=600, trace_id=trace, parent_span_id="6" * 16, attributes=query)
        versions = [
            span("books", ago_s=ago_s, resource={"service.version": version, "host.name": "h"})
            for version, ago_s in (("1", 500), ("2", 60))
        ]
        telemetry.insert_spans([asked, answered, asks, *versions], token="books")
        while telemetry.roll_up_calls():
            pass
    assert desk.outrider("release", "2").stderr == ""

    edges = desk.json("services", "books", "--show", "dependencies", "--json")
    [deployed] = desk.json("services", "--show", "deployments", "--json")
    tables = [desk.outrider("services", "books", "--show", what).stdout for what in ("instances", "statements")]

    assert {(edge["from"], edge["to"], edge["to_kind"]) for edge in edges} == {
        ("web", "books", "service"), ("books", "postgresql books", "database"),
    }  # fmt: skip
    assert (deployed["version"], deployed["previous"], deployed["release"]) == ("2", "1", "2")
    assert "SELECT ? FROM t WHERE id = ?" in tables[1]
    assert desk.json("services", "books", "--show", "instances", "--json")[0]["version"] == "2"
    assert "postgresql books" in desk.outrider("services", "--show", "dependencies").stdout
    assert "books" in desk.outrider("services", "--show", "deployments").stdout
    assert "name a service" in desk.outrider("services", "--show", "instances").stderr
    assert desk.json("services", "--json")[0]["apdex"] == 1.0


@needs_engine
def test_following_yields_each_record_once(desk: Desk) -> None:
    """What comes in late, or while somebody looks, is neither missed nor printed twice."""
    batches = [["a"], ["b"], ["c", "d"]]
    with open_telemetry(find_workspace(desk.root)) as telemetry:

        def wait() -> None:
            records = [log_record("live", body, time_ns=time.time_ns()) for body in batches.pop(0)]
            telemetry.insert_logs(records, token=f"live{len(batches)}")

        telemetry.insert_logs([log_record("live", "before", time_ns=time.time_ns())], token="live")
        followed = [record.body for record in islice(follow_logs(telemetry, "service:live", wait), 3)]

        def wait_for_spans() -> None:
            spans = [span("live", name, time_ns=time.time_ns(), span_id=name * 16) for name in names.pop(0)]
            telemetry.insert_spans(spans, token=f"live-spans{len(names)}")

        names = [["a"], ["b"], ["c"]]
        spans = [own.name for own in islice(follow_spans(telemetry, "service:live", wait_for_spans), 3)]

    assert followed[:2] == ["a", "b"]
    assert followed[2] in {"c", "d"}
    assert spans == ["a", "b", "c"]


@needs_engine
def test_following_waits_for_an_engine_that_is_started_anew(tmp_path: Path) -> None:
    """As with a service that is restarted: what it stored meanwhile is printed, and the wait is told once."""
    (tmp_path / "outrider.toml").write_text("[telemetry]\n")
    workspace = find_workspace(tmp_path)
    options = EngineOptions(workspace.state / "telemetry" / "engine")
    told: list[str] = []
    with ExitStack() as engines:
        first = engines.enter_context(EngineProcess(options))
        with open_telemetry(workspace) as telemetry:

            def store(body: str) -> None:
                with open_telemetry(workspace) as anyone:
                    anyone.insert_logs([log_record("live", body, time_ns=time.time_ns())], token=body)

            def start() -> None:
                engines.enter_context(EngineProcess(options))
                store("b")

            steps = [lambda: store("a"), first.close, start]
            on_away = reach_when_back(workspace, telemetry, told.append)
            looks = follow_logs(telemetry, "", lambda: steps.pop(0)() if steps else None, on_away=on_away)
            records = [own.body for own in islice(looks, 2)]

    assert records == ["a", "b"]
    assert told == ["the telemetry store does not answer: Connection refused; waiting for it"]


@pytest.mark.parametrize(
    ("settings", "slug", "code"),
    [
        ("", "telemetry-off", 2),
        ("[telemetry]\n[capabilities]\ntelemetry = false\n", "switched-off", 2),
        ('[telemetry]\nclickhouse = "http://127.0.0.1:1/"\n', "telemetry-unreachable", 4),
    ],
)
@pytest.mark.parametrize("command", ["logs", "traces", "services"])
def test_what_is_missing_is_told(tmp_path: Path, command: str, settings: str, slug: str, code: int) -> None:
    """Without telemetry the commands say what to do."""
    if slug == "telemetry-unreachable" and find_spec("clickhouse_connect") is None:
        pytest.skip("the extra `telemetry` is not installed")
    desk = new_desk(tmp_path, settings)

    finished = desk.outrider(command)

    assert finished.returncode == code
    assert f"[{slug}]" in finished.stderr


@needs_engine
def test_sql_is_answered_as_a_table_and_as_json_and_reads_nothing_else(desk: Desk) -> None:
    """Escapes of a terminal are shown, not obeyed; a refusal names what is refused."""
    statement = "SELECT ServiceName, Body FROM otel_logs WHERE Body LIKE 'card%' ORDER BY Body"

    assert desk.json("sql", statement, "--json") == [{"ServiceName": "pay", "Body": "card \x1b[31mrefused"}]
    assert "\x1b" not in desk.outrider("sql", statement).stdout
    refused = desk.outrider("sql", "SELECT * FROM system.parts")
    assert refused.returncode == 2
    assert "system.parts is no table of telemetry" in refused.stderr
    assert "[sql-refused]" in refused.stderr


@needs_engine
def test_an_incident_says_where_the_time_went(desk: Desk) -> None:
    """Of a slower step, by the traces of its runs; of another problem nothing."""
    workspace = find_workspace(desk.root)
    played = slower_runs(time.time_ns() // 1000, "list-service")
    lead = Facts("390 ms", step="list", run=played[0][0].id, since_us=played[SLOWER_RUNS - 1][0].due_us, title="shop")
    slower = Incident("1" * 8, Problem.DEGRADATION, lead.since_us or 0, 0, lead, phase=Phase.OPEN)
    failing = replace(slower, id="2" * 8, problem=Problem.FAILURE)
    with open_telemetry(workspace) as telemetry, open_store(workspace) as store:
        telemetry.insert_spans([span for _, spans in played for span in spans], token="slower")
        store.runs.record_many([run for run, _ in played])
        store.incidents.record(AlertChanges(incidents=tuple(map(stored_incident, (slower, failing)))))

    printed = desk.outrider("incidents", slower.id).stdout

    told = " ".join(printed.split())
    assert (
        "where the time went: of +310 ms (310 to 310), +310 ms (310 to 310) in SELECT products of list-service" in told
    )
    assert "20 runs before and 20 since; intervals hold in 80 %" in told
    assert len(desk.json("incidents", slower.id, "--json")["where_the_time_went"]) == 2
    assert "where the time went" not in desk.outrider("incidents", failing.id).stdout


@needs_engine
def test_what_shares_a_trace_with_a_run_is_listed(desk: Desk) -> None:
    """With its spans and log records; what is not there is an error."""
    workspace = find_workspace(desk.root)
    run, spans = slower_runs(time.time_ns() // 1000, "related-service", runs=1)[0]
    with open_telemetry(workspace) as telemetry, open_store(workspace) as store:
        telemetry.insert_spans(spans, token="related")
        store.runs.record(run)

    listed = desk.json("related", "run", run.id, "--json")
    printed = " ".join(desk.outrider("related", "trace", spans[0].trace_id).stdout.split())

    assert [(own["id"], own["spans"], own["logs"]) for own in listed["traces"]] == [(spans[0].trace_id, 2, 0)]
    assert f"run {run.id} shop, step list" in printed
    assert desk.outrider("related", "issue", "9").returncode == 2
