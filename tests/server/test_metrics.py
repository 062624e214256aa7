"""What `/metrics` says, tried with Prometheus' own tool, and the rules and the dashboard that read it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from outrider.model import CheckView, LostTelemetry, Sample, ServiceView
from outrider.server.metrics import exposition

DEPLOY = Path(__file__).resolve().parents[2] / "scheduler" / "deploy"
RULES = DEPLOY / "prometheus-alerts.yml"
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs Debian's prometheus")
NOW_S = 1_800_000_000

PROBE = CheckView(
    "probe:probes/shop.toml::home", "oslo", outcome="passed", due_us=NOW_S * 10**6, duration_s=0.25, runs={"passed": 3},
    finished_us=NOW_S * 10**6, status=200,
    samples=(
        Sample("", "duration_ms", 250.0), Sample("", "first_byte_ms", 40.0), Sample("", "certificate_days", 30.0),
        Sample("", "transfer_bytes", 999.0), Sample("pay", "duration_ms", 120.0), Sample("pay", "resource_ms x", 7.0),
    ),
)  # fmt: skip
SKIPPED = CheckView("journey:journeys/test_a.py::test", "oslo", outcome="skipped", runs={"skipped": 1})
VIEW = ServiceView(
    leads=True, loaded=True, checks=(PROBE, SKIPPED), problems={"workspace": 'a "quoted"\nline'}, ticked_s=0.0,
    waiting=1, running=2, unjudged=3, incidents={("failure", "critical"): 2, ("degradation", "warning"): 1},
    events={"reload": 1}, lags=((0.5, 1), (None, 2)), lag_sum_s=3.0,
    telemetry_lost=(LostTelemetry("logs", "beyond the budget of the day", 7, "token shop", "pay"),),
)  # fmt: skip


def values(text: str) -> dict[str, float]:
    """Return the value of each series by its name and labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_the_last_run_of_a_check_is_exported_in_base_units() -> None:
    """Seconds and timestamps, a series a step and a phase; of other samples none."""
    of = f'check="{PROBE.check}",location="oslo"'
    shown = values(exposition(VIEW))

    assert {name: value for name, value in shown.items() if of in name and "runs_total" not in name} == {
        f"outrider_check_paused{{{of}}}": 0.0,
        f"outrider_check_good{{{of}}}": 1.0,
        f"outrider_check_last_due_timestamp_seconds{{{of}}}": NOW_S,
        f"outrider_check_last_duration_seconds{{{of}}}": 0.25,
        f"outrider_check_coverage_ratio{{{of}}}": 1.0,
        f'outrider_check_last_outcome{{{of},outcome="passed"}}': 1.0,
        f'outrider_step_duration_seconds{{{of},step=""}}': 0.25,
        f'outrider_step_duration_seconds{{{of},step="pay"}}': 0.12,
        f'outrider_step_phase_seconds{{{of},step="",phase="first_byte"}}': 0.04,
        f'outrider_certificate_expiry_timestamp_seconds{{{of},step=""}}': NOW_S + 30 * 86_400,
        f"outrider_http_status_code{{{of}}}": 200.0,
    }


def test_the_last_outcome_has_its_name_and_incidents_their_severity() -> None:
    """A skipped run is not an inconclusive one."""
    shown = values(exposition(VIEW))

    assert shown[f'outrider_check_last_outcome{{check="{SKIPPED.check}",location="oslo",outcome="skipped"}}'] == 1.0
    assert shown['outrider_open_incidents{problem="failure",severity="critical"}'] == 2.0
    assert shown['outrider_open_incidents{problem="degradation",severity="warning"}'] == 1.0


def test_what_was_lost_of_telemetry_is_told_by_signal_reason_and_sender() -> None:
    """As `outrider services --show dropped` has it."""
    shown = values(exposition(VIEW))

    of = 'signal="logs",reason="beyond the budget of the day",source="token shop",service="pay"'
    assert shown[f"outrider_telemetry_lost_total{{{of}}}"] == 7.0


def promtool(*arguments: str, text: str = "") -> tuple[int, str]:
    done = subprocess.run(["promtool", *arguments], input=text, text=True, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


@needs_promtool
def test_prometheus_finds_nothing_to_criticise() -> None:
    """Neither the syntax nor a name."""
    assert promtool("check", "metrics", text=exposition(VIEW)) == (0, "")


@pytest.mark.slow
@needs_promtool
def test_each_rule_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    """As Prometheus evaluates them: for a service in which everything goes wrong, and for one in which nothing does."""
    check = '{check="c",location="l"'
    lag, last = "outrider_start_lag_seconds_bucket", "outrider_check_last_outcome"
    missed, passed = (f'outrider_runs_total{check},outcome="{outcome}"}}' for outcome in ("missed", "passed"))
    expiry = f'outrider_certificate_expiry_timestamp_seconds{check},step=""}}'
    late = {f'{lag}{{le="5"}}': "0", f'{lag}{{le="30"}}': "0+60x180", f'{lag}{{le="+Inf"}}': "0+60x180"}
    in_time = {f'{lag}{{le="5"}}': "0+60x180", f'{lag}{{le="+Inf"}}': "0+60x180"}
    outcomes = {f'{last}{check},outcome="{outcome}"}}': "1" for outcome in ("failed", "setup error")}
    bad = {
        "outrider_up": "1",
        "outrider_ready": "0",
        'outrider_problem{subject="store"}': "1",
        **outcomes,
        **late,
        missed: "0+1x180",
        passed: "0+4x180",
        expiry: "86400",
    }
    good = {
        "outrider_up": "1",
        "outrider_ready": "1",
        f'{last}{check},outcome="passed"}}': "1",
        **in_time,
        passed: "0+4x180",
        expiry: "9000000",
    }
    names = re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8"))

    assert fired(tmp_path, bad, names) == set(names) - {"OutriderDown"}
    assert fired(tmp_path, good, names) == set()
    assert fired(tmp_path, {"outrider_up": "0"}, names) == {"OutriderDown"}


def fired(folder: Path, series: dict[str, str], names: list[str]) -> set[str]:
    """Return which alerts fire after two hours of these series."""
    silent = set()
    for name in names:
        story = {
            "rule_files": [str(RULES)],
            "evaluation_interval": "1m",
            "tests": [
                {
                    "interval": "1m",
                    "input_series": [
                        {"series": key, "values": value if "x" in value else f"{value}x180"}
                        for key, value in series.items()
                    ],
                    "alert_rule_test": [{"eval_time": "2h", "alertname": name, "exp_alerts": []}],
                }
            ],
        }
        file = folder / "story.yml"
        file.write_text(json.dumps(story), encoding="utf-8")  # which is YAML, too
        code, output = promtool("test", "rules", str(file))
        if code == 0:
            silent.add(name)
        else:
            assert "got:" in output, output
    return set(names) - silent


def test_every_metric_is_described() -> None:
    """In the table of `docs/scheduling.md`."""
    document = (DEPLOY.parents[1] / "docs" / "scheduling.md").read_text(encoding="utf-8")
    exported = set(re.findall(r"^# TYPE (\w+)", exposition(VIEW), re.MULTILINE))

    assert exported == set(re.findall(r"^\| `(outrider_\w+)`", document, re.MULTILINE))


def test_rules_and_dashboard_name_metrics_that_exist() -> None:
    """A renamed metric would leave them empty without a word."""
    exported = set(re.findall(r"^# TYPE (\w+)", exposition(VIEW), re.MULTILINE))
    exported |= {"outrider_start_lag_seconds_bucket"}
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    read = set(re.findall(r"\boutrider_\w+", RULES.read_text(encoding="utf-8") + " ".join(queries)))

    assert len(queries) >= len(board["panels"]) > 10
    assert read <= exported
