"""The weekly report, from a store to a page."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from benchmarks.history import MINUTE_US, History, checks_of
from tests.builders import run_of

from outrider.model import (
    CheckId,
    ConfigError,
    Measurement,
    Outcome,
    Run,
    Sample,
    Step,
    StepKind,
)
from outrider.reports import (
    TABLES,
    Incident,
    ReportSettings,
    as_csv,
    as_json,
    as_markdown,
    read_settings,
    release_period,
    render_html,
    week_of,
)
from outrider.reports.report_text import health_lines
from outrider.reports.summary import summarise

from .conftest import NOW_US

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Bench

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def run(check: str, outcome: Outcome, *, due_us: int = NOW_US - MINUTE_US, reason: str = "", step: str = "pay") -> Run:
    passed = outcome is Outcome.PASSED
    measurement = Measurement(
        outcome=outcome,
        reason=reason,
        started_us=due_us,
        duration_ms=250.0,
        steps=(Step(step, step, StepKind.NAMED, 0.0, 250.0),) if passed else (),
        samples=(Sample(step, "duration_ms", 250.0),) if passed else (),
    )
    return run_of(measurement, check)


def test_no_data_at_all_is_said(bench: Bench) -> None:
    """An empty report must not look like a healthy one."""
    page = bench.page()

    assert "Nothing was measured in this time" in page
    assert "No run was due." in page
    assert "Everything that was due ran" not in page


def test_one_run_is_too_little_data_for_quantiles(bench: Bench) -> None:
    """A median of one is an anecdote; its availability has an interval that says so."""
    bench.store.runs.record(run("journey:a.py::pay", Outcome.PASSED))

    report = bench.report()

    (health,) = report.health
    assert health.availability is not None
    assert (health.availability.good, health.availability.total) == (1, 1)
    assert health.availability.low == pytest.approx(0.025)  # Clopper and Pearson: (alpha/2) ** (1/n)
    assert health.steps[0].p50 is None
    assert "too little data" in bench.page()


def test_every_check_appears_with_its_sample_size(bench: Bench) -> None:
    """What a figure rests on stands beside it."""
    bench.fill()

    report = bench.report()

    assert len(report.health) == 3
    assert all(health.runs in {167, 168} for health in report.health)
    assert report.simulated


@pytest.mark.slow
def test_a_step_that_became_slower_is_told_with_its_release(bench: Bench) -> None:
    """The history's first journey pays 1.3 times as long since the release of three days ago."""
    bench.fill(days=35)

    report = bench.report()

    assert [(change.step, change.release) for change in report.changes] == [("Pay", "2.2.0")]
    assert report.changes[0].ratio == pytest.approx(0.3, abs=0.05)
    assert "Pay of simulated_000 +2" in report.summary[1]


def test_everything_failing_does_not_claim_that_nothing_became_slower(bench: Bench) -> None:
    """Failed runs have no durations, so none can be compared."""
    bench.fill(failing=1.0)

    report = bench.report()

    assert report.summary[0].startswith("3 checks missed 99.5 %; ")
    assert report.summary[1] == "Too few durations were measured to say whether anything became slower."
    assert report.summary[2].startswith("See to ")


def test_a_long_title_is_cut_between_words(bench: Bench) -> None:
    """The sentence that says what to do ends where a word ends, and says that there was more."""
    lasting = Incident("request is slow " * 20, "probe:a::b", NOW_US - 1, None, "")

    *_, advice = summarise((), (), (), 0.995, week_of(None, NOW_US, "UTC"), incidents=(lasting,))

    assert advice.endswith("request is slow request is slow…")
    assert len(advice) < 240


def test_missing_and_vague_runs_count_neither_as_good_nor_as_failed(bench: Bench) -> None:
    """They count against coverage, or are listed."""
    outcomes = (Outcome.PASSED, Outcome.MISSED, Outcome.SKIPPED, Outcome.INCONCLUSIVE)
    bench.store.runs.record_many(
        [run("probe:a::b", step, due_us=NOW_US - n * MINUTE_US) for n, step in enumerate(outcomes, 1)]
    )

    report = bench.report()

    (health,) = report.health
    assert health.availability is not None
    assert health.availability.total == 1
    assert health.coverage == 0.5
    assert report.unmeasured == (
        "b: 2 of 4 runs were missed or skipped",
        "b: 1 of 4 runs was inconclusive",
    )


def test_a_check_whose_script_is_wrong_is_told_as_that_with_the_reason(bench: Bench) -> None:
    """Of one that never ran rightly no share is known; one that is broken for half of the time may have missed it."""
    why = "KeyError: 'NOPE' (tests/test_mistakes.py:8)"
    outcomes = [("never", Outcome.SETUP_ERROR)] * 2 + [("lately", Outcome.SETUP_ERROR)] * 20
    outcomes += [("lately", Outcome.PASSED)] * 20
    bench.store.runs.record_many(
        [
            run(f"probe:a::{name}", outcome, due_us=NOW_US - n * MINUTE_US, reason=why)
            for n, (name, outcome) in enumerate(outcomes, 1)
        ]
    )

    report = bench.report()
    page = bench.page()

    assert report.verdict.sentence == "1 check may have missed 99.5 %, 1 is broken (setup error)."
    assert report.summary[2] == f"Repair never and 1 more check (setup error: {why})."
    assert [health.name for health in report.health] == ["never", "lately"]
    assert f"never: 2 of 2 runs ended in a setup error: {why}" in report.unmeasured
    assert "- never (production, local): setup error, 2 runs" in health_lines(report)
    assert "no data" not in page.replace("<em>no data</em>", "")
    assert "<em>setup error</em>" in page


def test_a_renamed_check_is_one_check(bench: Bench) -> None:
    """What is kept of both names is told under the new one."""
    bench.store.runs.record_many([run("journey:old", Outcome.PASSED), run("journey:new", Outcome.PASSED)])
    bench.store.checks.rename(CheckId("journey:old"), CheckId("journey:new"), NOW_US)

    report = bench.report()

    assert [(health.check, health.runs) for health in report.health] == [("journey:new", 2)]


def test_a_deleted_check_is_named_among_what_was_not_measured(bench: Bench) -> None:
    """It does not vanish without a word."""
    bench.store.checks.record(checks_of(History(NOW_US, checks=1)), NOW_US - 40 * 1440 * MINUTE_US)

    report = bench.report()

    assert report.unmeasured == ("simulated_000: no run in this time; it was deleted before it",)
    assert report.verdict.without_data == 0


def test_runs_in_the_future_are_left_out_and_told(bench: Bench) -> None:
    """Somebody's clock was wrong."""
    bench.store.runs.record(run("probe:a::b", Outcome.FAILED, due_us=NOW_US + 1440 * MINUTE_US))

    report = bench.report()

    assert report.health == ()
    assert report.unmeasured[-1].startswith("1 run due later than now")


def test_an_error_message_of_five_megabytes_is_cut(bench: Bench) -> None:
    """The page stays small."""
    bench.store.runs.record(run("probe:a::b", Outcome.FAILED, reason="x" * 5_000_000))

    assert len(bench.page()) < 120_000


def test_nothing_hostile_runs_in_a_page(bench: Bench) -> None:
    """Names and messages are texts wherever they stand, in tables and in charts."""
    runs = [
        run(f"journey:{HOSTILE}", Outcome.PASSED, due_us=NOW_US - n * 60 * MINUTE_US, step=HOSTILE)
        for n in range(1, 200)
    ]
    bench.store.runs.record_many([*runs, run(f"journey:{HOSTILE}", Outcome.FAILED, reason=HOSTILE)])

    page = render_html(bench.report(), ReportSettings(), interactive=False)

    assert "default-src 'none'; style-src" in page
    assert re.findall(r"<(script|img|iframe|object|link)\b", page) == []
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src=|href=(?!\"#))", page.replace("src=x one", ""))
    assert "<script" not in as_markdown(bench.report())


def test_a_template_of_the_workspace_takes_the_place_of_ours(bench: Bench, tmp_path: Path) -> None:
    """People have sections of their own."""
    folder = tmp_path / "reports" / "templates" / "sections"
    folder.mkdir(parents=True)
    (folder / "noise.html").write_text("<p>Ours: {{ report.workspace }}</p>")

    assert "<p>Ours: shop</p>" in bench.page(tmp_path)


def test_a_section_of_ones_own_stands_where_it_is_listed(bench: Bench, tmp_path: Path) -> None:
    """Its file and its name in `sections` are all that it needs."""
    folder = tmp_path / "reports" / "templates" / "sections"
    folder.mkdir(parents=True)
    (folder / "money.html").write_text("<section id=money>{{ report.health | length }} checks earn</section>")
    (tmp_path / "reports" / "weekly.toml").write_text('sections = ["money", "health"]')
    settings = read_settings(tmp_path, "weekly")

    page = render_html(bench.report(settings), settings, tmp_path)

    assert "<section id=money>0 checks earn</section>" in page
    assert page.index("id=money") < page.index('id="health"')


@pytest.mark.parametrize(
    ("text", "line"),
    [("{% if %}", 1), ("\n{{ report.nonsense }}", 2), ("\n\n{{ 1 / 0 }}", 3), ("{{ ''.__class__.__mro__ }}", 1)],
)
def test_a_wrong_template_is_an_error_with_its_line(bench: Bench, tmp_path: Path, text: str, line: int) -> None:
    """Whoever wrote it finds it."""
    folder = tmp_path / "reports" / "templates" / "sections"
    folder.mkdir(parents=True)
    (folder / "noise.html").write_text(text)

    with pytest.raises(ConfigError) as caught:
        bench.page(tmp_path)

    assert caught.value.slug == "bad-template"
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == ("reports/templates/sections/noise.html", line)


def test_the_other_forms_tell_the_same(bench: Bench) -> None:
    """Markdown, JSON and CSV come from the same facts."""
    bench.fill()
    report = bench.report()

    assert len(as_json(report)["health"]) == 3
    assert all(
        len(as_csv(report, table).splitlines()) == 1 + len(TABLES[table](report)) for table in ("health", "steps")
    )
    assert all(health.check.partition("::")[2].replace("_", "\\_") in as_markdown(report) for health in report.health)


def test_a_cell_that_a_spreadsheet_would_run_is_quoted(bench: Bench) -> None:
    """CSV goes straight into spreadsheets."""
    bench.store.runs.record(run('=HYPERLINK("x")', Outcome.PASSED))

    assert "\"'=HYPERLINK" in as_csv(bench.report(), "health")


def test_an_agreement_is_exported_as_numbers(bench: Bench) -> None:
    """As CSV and JSON, with the time that it is about and how long each check was down."""
    hours = range(1, 101)
    bench.store.runs.record_many(
        [
            run("probe:a::b", Outcome.FAILED if n in {50, 51} else Outcome.PASSED, due_us=NOW_US - n * 60 * MINUTE_US)
            for n in hours
        ]
    )
    report = bench.report()

    head, line = as_csv(report, "sla").splitlines()

    row = dict(zip(head.split(","), line.split(","), strict=True))
    assert (row["from"], row["until"]) == ("2027-01-08T08:00:00+00:00", "2027-01-15T08:00:00+00:00")
    assert (row["availability"], row["good runs"], row["runs"], row["standing"]) == (
        "0.98",
        "98",
        "100",
        "may have missed",
    )
    assert (row["down minutes"], row["estimated"], row["outages"]) == ("120.0", "no", "1")
    assert {name: str(value) for name, value in as_json(report)["sla"][0].items()} == row
    assert "sla" not in as_markdown(report).lower()


def test_a_release_is_compared_with_the_one_before_it(bench: Bench) -> None:
    """Its time is one side, its predecessor's the other."""
    bench.fill(days=12)
    hour_us = 60 * MINUTE_US
    period = release_period("2", (NOW_US - 96 * hour_us, NOW_US - 48 * hour_us, NOW_US), "UTC")

    health = bench.report(period=period).health[0]

    assert health.runs == 48
    assert health.before is not None
    assert health.before.total in {47, 48}


def test_two_places_of_a_check_are_two_lines(bench: Bench) -> None:
    """One location may be healthy while the other is not."""
    first = run("probe:a::b", Outcome.PASSED)
    bench.store.runs.record_many([first, replace(run("probe:a::b", Outcome.FAILED), location="paris")])

    assert [health.location for health in bench.report().health] == ["paris", "local"]


@pytest.mark.parametrize("rolled", [False, True])
def test_a_week_with_a_clock_change_counts_every_run_of_its_hours(bench: Bench, rolled: bool) -> None:
    """In Berlin the week of 25 October 2026 had 169 hours: a run an hour makes 169, counted by run or by hour."""
    period = week_of("2026-W43", NOW_US, "Europe/Berlin")
    hour_us = 60 * MINUTE_US
    bench.store.runs.record_many(
        [run("probe:a::b", Outcome.PASSED, due_us=period.since_us + n * hour_us) for n in range(-1, 171)]
    )
    if rolled:
        bench.store.prune(NOW_US)

    (health,) = bench.report(period=period).health

    assert health.runs == 169


@pytest.mark.slow
@pytest.mark.parametrize("age_days", [60, 400])
def test_a_week_whose_samples_were_deleted_is_told_by_its_rollups(bench: Bench, age_days: int) -> None:
    """By hours, and by days later: availability and sample sizes as they were, quantiles within 1 %."""
    bench.fill(checks=2, days=30)
    period = week_of("2027-W01", NOW_US, "UTC")
    before = bench.report(period=period)

    later_us = NOW_US + age_days * 24 * 60 * MINUTE_US
    bench.fill(checks=2, days=1, until_us=later_us)
    for _ in range(2):
        bench.store.prune(later_us)

    after = bench.report(period=period)
    assert [(health.counts, health.availability) for health in after.health] == [
        (health.counts, health.availability) for health in before.health
    ]
    steps = [step for health in before.health for step in health.steps]
    steps_after = [step for health in after.health for step in health.steps]
    assert [step.count for step in steps_after] == [step.count for step in steps]
    for old, new in zip(steps, steps_after, strict=True):
        for exact, rolled in ((old.p50, new.p50), (old.p95, new.p95), (old.before, new.before)):
            assert exact is not None
            assert rolled is not None
            assert rolled.value == pytest.approx(exact.value, rel=0.011)


@pytest.mark.slow
@pytest.mark.parametrize("age_days", [60, 450])
def test_a_check_that_stopped_long_ago_is_told_by_its_rollups(bench: Bench, age_days: int) -> None:
    """No step of any of its runs is left, but how they were called."""
    bench.fill(checks=2, days=30)
    period = week_of("2027-W01", NOW_US, "UTC")
    before = bench.report(period=period)
    for _ in range(2):
        bench.store.prune(NOW_US + age_days * 24 * 60 * MINUTE_US)

    after = bench.report(period=period)

    assert [(health.check, health.counts) for health in after.health] == [
        (health.check, health.counts) for health in before.health
    ]
    for old, new in zip(before.health, after.health, strict=True):
        assert {step.name: step.count for step in new.steps} == {step.name: step.count for step in old.steps}
        assert new.charts is not None
        assert new.charts["trend"]
