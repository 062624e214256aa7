"""Any run comes back as it was recorded, its texts printable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.model import (
    Attempt,
    AttemptTrace,
    CheckId,
    Circumstances,
    ErrorRecord,
    ErrorSource,
    HostLoad,
    Measurement,
    Origin,
    Outcome,
    Run,
    Sample,
    Step,
    StepKind,
    TraceSource,
    new_run_id,
    printable,
)

if TYPE_CHECKING:
    from outrider.store import Store

TIMES_US = st.integers(0, 4_102_444_800_000_000)
ANY_TEXT = st.text(st.characters(codec=None), max_size=25)
TEXTS = ANY_TEXT.map(printable)
NAMES = st.text(st.characters(codec=None), min_size=1, max_size=25).map(printable)
DURATIONS_MS = st.integers(0, 10**12).map(lambda microseconds: microseconds / 1000)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SHARES = st.floats(0, 1)

STEPS = st.builds(
    Step,
    key=NAMES,
    title=TEXTS,
    kind=st.sampled_from(StepKind),
    offset_ms=DURATIONS_MS,
    duration_ms=st.none() | DURATIONS_MS,
    parent=st.none() | NAMES,
    source=TEXTS,
    error=st.none() | TEXTS,
)
ERRORS = st.builds(
    ErrorRecord,
    source=st.sampled_from(ErrorSource),
    message=TEXTS,
    stack=TEXTS,
    url=TEXTS,
    step=TEXTS,
    offset_ms=st.none() | DURATIONS_MS,
)
SAMPLES = st.lists(
    st.builds(Sample, step=TEXTS, metric=NAMES, value=FINITE),
    max_size=8,
    unique_by=lambda item: (item.step, item.metric),
)
TRACES = st.builds(
    AttemptTrace,
    trace_id=st.binary(min_size=16, max_size=16).filter(any).map(bytes.hex),
    step=NAMES,
    kind=st.sampled_from([Origin.SYNTHETIC, Origin.LOAD]),
    source=st.sampled_from(TraceSource),
)
MEASUREMENTS = st.builds(
    Measurement,
    outcome=st.sampled_from(Outcome),
    reason=TEXTS,
    started_us=TIMES_US,
    duration_ms=DURATIONS_MS,
    steps=st.lists(STEPS, max_size=5).map(tuple),
    samples=SAMPLES.map(
        lambda result: tuple(sorted(result, key=lambda entry: (entry.step.encode(), entry.metric.encode())))
    ),
    errors=st.lists(ERRORS, max_size=3).map(tuple),
    artifacts=st.just(()),
    host=st.none() | st.builds(HostLoad, st.integers(1, 512), FINITE, SHARES, SHARES, st.integers(0, 2**50)),
    attributes=st.dictionaries(NAMES, TEXTS, max_size=4),
    traces=st.lists(TRACES, max_size=4, unique_by=lambda trace: (trace.trace_id, trace.step)).map(tuple),
)
RUNS = st.builds(
    Run,
    id=st.just(""),
    check=NAMES.map(CheckId),
    environment=TEXTS,
    location=TEXTS,
    due_us=TIMES_US,
    started_us=TIMES_US,
    finished_us=TIMES_US,
    outcome=st.sampled_from(Outcome),
    reason=TEXTS,
    attempts=st.lists(st.tuples(st.booleans(), st.booleans(), MEASUREMENTS), max_size=3).map(
        lambda results: tuple(Attempt(number, *rest) for number, rest in enumerate(results, 1))
    ),
    circumstances=st.builds(Circumstances, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS),
)


@pytest.mark.slow
@pytest.mark.parametrize("repeat", [1, 2])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(run=RUNS)
def test_any_run_comes_back_as_it_was(store: Store, repeat: int, run: Run) -> None:
    """Durations to the microsecond, samples ordered by step and metric; again after a second recording."""
    run = replace(run, id=new_run_id(run.due_us))
    for _ in range(repeat):
        store.runs.record(run)

    stored = store.runs.get(run.id)

    assert stored.run == run
    assert stored.omitted == ()
