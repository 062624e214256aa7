"""Reports of one run and of one load."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.builders import run_of

from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Attempt,
    AttemptTrace,
    EndpointLoad,
    ErrorRecord,
    ErrorSource,
    FailureGroup,
    Histogram,
    LoadInterval,
    LoadResult,
    Measurement,
    Outcome,
    Release,
    Run,
    Sample,
    Step,
    StepKind,
    new_run_id,
)
from outrider.reports import (
    NoIncidents,
    RunReport,
    load_report,
    run_report,
    single_csv,
    single_html,
    single_json,
    single_markdown,
)

from .conftest import NOW_US, Bench, climbing

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<script>alert(1)</script>"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000\
1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082".replace("\\\n", "")
)


def make_run(due_us: int = NOW_US, *, took_ms: float = 100.0, **changes: Any) -> Run:
    steps = (
        Step("open", "Open the shop", StepKind.NAMED, 0.0, 50.0),
        Step("pay", "Pay", StepKind.NAMED, 50.0, took_ms),
    )
    measurement = Measurement(
        Outcome.PASSED, "", due_us, 50 + took_ms, steps,
        (Sample("open", "duration_ms", 50.0), Sample("pay", "duration_ms", took_ms)),
    )  # fmt: skip
    return run_of(measurement, "journey:shop", **changes)


def failed_run(folder: Path, message: str = "503") -> Run:
    """Return a run whose first attempt failed when it paid, with a screenshot, and whose retry did."""
    shot = folder / "shot.png"
    shot.write_bytes(PNG)
    good = make_run()
    steps = (
        Step("open", HOSTILE, StepKind.NAMED, 0.0, 50.0),
        Step("pay", "Pay", StepKind.NAMED, 50.0, None, error="no answer"),
    )
    wrong = Measurement(
        Outcome.FAILED, message, NOW_US, 300.0, steps,
        errors=(ErrorRecord(ErrorSource.TEST, message, step="pay"),),
        artifacts=(ArtifactFile(ArtifactKind.SCREENSHOT, "shot.png", "image/png", shot),),
        traces=(AttemptTrace("0af7651916cd43dd8448eb211c80319c"),),
    )  # fmt: skip
    attempts = (Attempt(1, True, False, wrong), Attempt(2, False, False, replace(good.attempts[0].measurement)))
    return replace(good, id=new_run_id(NOW_US + 1), outcome=Outcome.FAILED, reason=message, attempts=attempts)


def tell(bench: Bench, run: Run) -> RunReport:
    bench.store.runs.record(run)
    stored = bench.store.runs.get(run.id)
    return run_report(bench.store, stored, workspace="shop", timezone="UTC", incidents=NoIncidents())


def history(bench: Bench, runs: int) -> None:
    hour_us = 3_600_000_000
    bench.store.runs.record_many([make_run(NOW_US - n * hour_us, took_ms=100.0 + n % 10) for n in range(1, runs + 1)])


def test_steps_stand_against_what_is_usual_with_interval_and_size(bench: Bench) -> None:
    """Slower than nineteen of twenty earlier ones is told as slower."""
    history(bench, 200)

    report = tell(bench, make_run(took_ms=140.0))

    pay = report.steps[1]
    assert (pay.standing, pay.count) == ("slower", 200)
    assert pay.usual is not None
    assert pay.usual.low <= 104.5 <= pay.usual.high
    assert report.steps[0].standing == "as usual"


def test_a_first_run_has_nothing_to_stand_against(bench: Bench) -> None:
    """That is said, and no number."""
    report = tell(bench, make_run())

    assert [(step.standing, step.usual, step.count) for step in report.steps] == [("", None, 0), ("", None, 0)]
    assert single_html(report).count("too little data") == len(report.steps)
    assert "Nothing: no trace id was seen" in single_html(report)


def test_a_failed_run_shows_its_picture_errors_retry_and_traces(bench: Bench, tmp_path: Path) -> None:
    """Everything that is known of it is on one page, and nothing hostile runs."""
    bench.store.judgements.record_release(Release("2.1.0", "production", NOW_US - 5))

    report = tell(bench, failed_run(tmp_path))
    page = single_html(report)

    assert 'src="data:image/png;base64,iVBOR' in page
    assert "(times of retries are not judged)" in page
    assert "never ended" in page
    assert [what for what, _ in report.joined] == ["trace", "release"]
    assert re.findall(r"<(script|iframe|object|link)\b", page) == ["script"], "ours"
    assert HOSTILE not in page


def test_traces_beyond_the_first_twenty_are_counted(bench: Bench, tmp_path: Path) -> None:
    """A run of hundreds of requests stays one page."""
    run = failed_run(tmp_path)
    (first, *rest) = run.attempts
    traces = tuple(AttemptTrace(f"{number:032x}") for number in range(1, 26))
    run = replace(run, attempts=(replace(first, measurement=replace(first.measurement, traces=traces)), *rest))

    report = tell(bench, run)

    shown = [text for what, text in report.joined if what == "trace"]
    assert len(shown) == 21
    assert shown[-1].startswith("and ")


def test_an_error_of_five_megabytes_is_cut(bench: Bench, tmp_path: Path) -> None:
    """In every form."""
    report = tell(bench, failed_run(tmp_path, message="x" * 5_000_000))

    assert len(single_html(report)) < 120_000
    assert len(single_markdown(report)) < 10_000


def test_a_screenshot_that_is_gone_is_only_named(bench: Bench, tmp_path: Path) -> None:
    """Retention may remove it meanwhile."""
    run = failed_run(tmp_path)
    bench.store.runs.record(run)
    stored = bench.store.runs.get(run.id)
    for artifact in stored.artifacts:
        assert artifact.path is not None
        artifact.path.unlink()

    report = run_report(bench.store, stored, workspace="shop", timezone="UTC", incidents=NoIncidents())

    assert [(artifact.name, artifact.picture) for artifact in report.artifacts] == [("shot.png", "")]


def test_a_run_that_was_missed_has_no_attempts(bench: Bench) -> None:
    """It is told all the same."""
    report = tell(bench, make_run(outcome=Outcome.MISSED, reason="the service was down", attempts=()))

    assert "the run did not happen" in single_html(report)
    assert "No step was measured" in single_html(report)


def test_a_load_shows_its_knee_with_interval(bench: Bench) -> None:
    """The shop was made to answer about ninety requests a second."""
    bench.store.runs.record(climbing())

    report = load_report(bench.store.runs.get(bench.store.runs.search()[0].id).run, workspace="shop", timezone="UTC")
    page = single_html(report)

    assert report.knee is not None
    assert 75 < report.knee.rate < 100
    assert len(report.levels) == 8
    assert [endpoint.endpoint for endpoint in report.endpoints] == ["POST /pay", "GET /"]
    assert all(report.charts.values())
    assert "503 Server Error" in page


@pytest.mark.parametrize(
    ("groups", "home", "sentence"),
    [
        ({"503": 40, "502": 30}, 0, "all 70 at POST /pay, most often (40) with 503."),
        ({"503": 70}, 0, "all 70 at POST /pay with 503."),
        ({"503": 70}, 5, "70 of them at POST /pay with 503."),
        ({"503": 1}, 0, "at POST /pay with 503."),
        ({}, 5, "all 5 at GET /."),
        ({}, 0, ""),
    ],
)
def test_a_load_tells_where_requests_failed(groups: dict[str, int], home: int, sentence: str) -> None:
    """What failed most often somewhere is not all that failed there."""
    failed = [Histogram.of([9.0] * count) for count in (sum(groups.values()), home)]
    endpoints = tuple(
        EndpointLoad(name, Histogram.of([9.0]), bad) for name, bad in zip(("POST /pay", "GET /"), failed, strict=True)
    )
    failures = tuple(FailureGroup("POST /pay", message, count, ()) for message, count in groups.items())
    (attempt,) = climbing().attempts
    load = LoadResult((LoadInterval(0.0, 1.0, 1, 1, 0.3, 2.0, 0.0, endpoints),), failures)
    told = replace(climbing(), attempts=(replace(attempt, measurement=replace(attempt.measurement, load=load)),))

    report = load_report(told, workspace="shop", timezone="UTC")

    assert report.findings[0].partition("failed")[2] == (f", {sentence}" if sentence else ".")


def test_errors_are_no_throughput_in_the_report_of_a_load() -> None:
    """Neither of an endpoint nor of a second."""
    run = climbing()
    (attempt,) = run.attempts
    assert attempt.measurement.load is not None
    rates = attempt.measurement.load.rates

    report = load_report(run, workspace="shop", timezone="UTC")

    by_name = {endpoint.endpoint: endpoint for endpoint in report.endpoints}
    assert by_name["POST /pay"].failed > 0
    assert {name: figures.requests_per_s for name, figures in by_name.items()} == rates
    seconds = len(report.stretches)
    assert sum(stretch.requests_per_s for stretch in report.stretches) / seconds == pytest.approx(sum(rates.values()))


def test_a_load_of_two_levels_has_too_little_data_for_a_knee() -> None:
    """One of a single level was not made for one, and a load that sent nothing says so."""
    short = load_report(climbing(levels=2), workspace="shop", timezone="UTC")
    steady = load_report(climbing(levels=1), workspace="shop", timezone="UTC")
    (attempt,) = climbing().attempts
    silent = replace(climbing(), attempts=(replace(attempt, measurement=replace(attempt.measurement, load=None)),))
    empty = load_report(silent, workspace="shop", timezone="UTC")

    assert "2 levels of users: too little data for a knee" in short.findings[1]
    assert not any("knee" in finding for finding in steady.findings)
    assert empty.findings == ("It sent no request, so nothing can be said about the target.",)
    assert "No request was sent" in single_html(empty)


def test_a_load_tells_requests_without_an_answer_and_exceptions_of_its_own_code() -> None:
    """Without the traceback, which the log has."""
    (attempt,) = climbing().attempts
    failures = (FailureGroup("", "KeyError: 'token' (locustfile.py:9)\n  File \"src/gevent/greenlet.py\"", 4, ()),)
    tail = (EndpointLoad("GET /", unanswered=Histogram({400: 3})),)
    hung = replace(attempt.measurement, load=LoadResult(failures=failures, tail=tail))

    report = load_report(
        replace(climbing(), attempts=(replace(attempt, measurement=hung),)), workspace="shop", timezone="UTC"
    )

    assert report.findings == ("0 of 3 requests failed, 3 had no answer at its end.",)
    assert report.failures == (("in the locustfile's own code", 4, "KeyError: 'token' (locustfile.py:9)"),)


@pytest.mark.parametrize("table", ["endpoints", "failures", "levels", "seconds"])
def test_a_load_comes_in_every_form(table: str) -> None:
    """From the same facts."""
    report = load_report(climbing(), workspace="shop", timezone="UTC")

    assert len(single_csv(report, table).splitlines()) > 1
    assert json.loads(json.dumps(single_json(report)))["requests"] == report.requests
    assert single_markdown(report).startswith("# load:probes/shop\\_load.py: passed")
