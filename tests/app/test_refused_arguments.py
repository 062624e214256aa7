"""Wrong arguments of the Python API are refused with what is wrong and what to write instead."""

from __future__ import annotations

import pickle
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import outrider
from outrider.app import now_us
from outrider.model import AggregateSample, Outcome, Place, Subject, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHECKOUT = Subject.of(SubjectKind.SERVICE, "checkout")
DAY_US = 86_400_000_000


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[outrider.OpenWorkspace]:
    (tmp_path / "outrider.toml").touch()
    with outrider.open_workspace(tmp_path) as opened:
        yield opened


def aggregate(at_us: int, value: float = 81.5, metric: str = "duration_ms") -> AggregateSample:
    return AggregateSample(CHECKOUT, "POST /pay", metric, "example", "", at_us, value)


@pytest.mark.parametrize(
    "call",
    [
        lambda workspace: workspace.run(repeat=0),
        lambda workspace: workspace.run(repeat=-1),
        lambda workspace: workspace.runs(limit=-1),
        lambda workspace: workspace.runs(outcome="broken"),
        lambda workspace: workspace.incidents(days=-1),
        lambda _: Subject.of(SubjectKind.SERVICE, ""),
        lambda _: Subject.of("team", "checkout"),  # type: ignore[arg-type]
        lambda _: outrider.gate_rules(most_sessions=0),
        lambda _: outrider.gate_rules(most_sessions=10**6),
        lambda _: outrider.GateOptions(session_runs=10**6),
        lambda _: outrider.GateOptions(budget_s=-1.0),
        lambda _: outrider.GateOptions(budget_s=float("nan")),
        lambda workspace: workspace.runs(limit=10**30),
        lambda workspace: workspace.incidents(days=10**9),
        lambda workspace: workspace.runs(None),
        lambda workspace: workspace.checks(5),
        lambda workspace: workspace.run(5),
        lambda workspace: workspace.run(listener="x"),
        lambda workspace: workspace.judgements(None),
        lambda workspace: workspace.stored_run(None),
        lambda workspace: workspace.frames.samples(5),
        lambda workspace: workspace.frames.samples(metric=None),
        lambda workspace: workspace.frames.load_seconds(5),
        lambda _: outrider.GateOptions(last="5"),  # type: ignore[arg-type]
        lambda _: outrider.GateOptions(last=-1),
        lambda _: outrider.GateOptions(budget_s="x"),  # type: ignore[arg-type]
        lambda _: outrider.GateOptions(shard="3/2"),
        lambda _: outrider.open_workspace("a\0b"),
        lambda _: outrider.open_workspace("x" * 5_000),
        lambda _: outrider.open_workspace(5),  # type: ignore[arg-type]
    ],
)
def test_an_argument_out_of_range_is_refused(workspace: outrider.OpenWorkspace, call: Callable[[Any], object]) -> None:
    """Nothing runs, and nothing is answered that looks like no data."""
    with pytest.raises(outrider.UsageError) as refused:
        call(workspace)

    assert (refused.value.slug, bool(refused.value.fix)) == ("bad-argument", True)


@pytest.mark.parametrize(
    "rules",
    [
        {"margin": -1.0},
        {"margin": float("nan")},
        {"margin": 10.1},
        {"floor_ms": -1.0},
        {"floor_ms": 3.7e6},
        {"margin": "x"},
    ],
)
def test_a_negative_slowdown_is_refused(rules: dict[str, Any]) -> None:
    """A gate that fails what is equal helps nobody."""
    with pytest.raises(outrider.UsageError) as refused:
        outrider.gate_rules(**rules)

    assert refused.value.slug == "bad-margin"


def test_a_gate_without_wishes_is_as_its_page_says() -> None:
    """5 % and 5 ms are tolerated, and no more than twenty sessions are taken."""
    rules = outrider.gate_rules()

    assert (rules.margin, rules.floor_ms, rules.plan.looks[-1], rules.deciding) == (0.05, 5.0, 20, ())
    assert outrider.gate_rules(most_sessions=4).plan.looks == (4,)


def test_an_outcome_may_be_its_text(workspace: outrider.OpenWorkspace) -> None:
    """As it is written in reports and on the command line."""
    assert list(workspace.runs(outcome="failed")) == list(workspace.runs(outcome=Outcome.FAILED))


@pytest.mark.parametrize(
    ("factor", "what"), [(1e-6, "before the year 2000"), (1e-3, "before the year 2000"), (1e3, "a day ahead")]
)
def test_aggregates_with_times_of_another_unit_are_refused(
    workspace: outrider.OpenWorkspace, factor: float, what: str
) -> None:
    """Seconds, milliseconds and nanoseconds; the right sample beside them is not stored either."""
    right = aggregate(now_us())

    with pytest.raises(outrider.UsageError, match=rf"samples\[1\].*{what}") as refused:
        workspace.record_aggregates([right, aggregate(int(now_us() * factor))])

    assert refused.value.slug == "bad-aggregate"
    assert workspace.record_aggregates([right]).stored == 1


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (aggregate(now_us() + 2 * DAY_US), "a day ahead"),
        (aggregate(now_us() / 1), "is no whole number"),  # type: ignore[arg-type]
        (aggregate(now_us(), -1.0), "negative duration"),
        (aggregate(now_us(), 10**400), "is too large"),
        ("x", "is no AggregateSample"),
        (aggregate(now_us(), "fast"), "is no number"),  # type: ignore[arg-type]
        (aggregate(now_us(), None), "is no number"),  # type: ignore[arg-type]
        (aggregate(now_us(), Decimal("1.5")), "is no number"),  # type: ignore[arg-type]
    ],
)
def test_aggregates_that_can_only_be_a_mistake_are_refused(
    workspace: outrider.OpenWorkspace, wrong: Any, what: str
) -> None:
    """The message names the sample and what is wrong with it."""
    with pytest.raises(outrider.UsageError, match=what) as refused:
        workspace.record_aggregates([wrong])

    assert refused.value.slug == "bad-aggregate"


def test_other_metrics_may_be_negative(workspace: outrider.OpenWorkspace) -> None:
    """A balance or a temperature is no duration."""
    assert workspace.record_aggregates([aggregate(now_us(), -1.0, "balance")]).stored == 1


def test_a_reader_of_frames_reads_nothing_of_a_closed_workspace(workspace: outrider.OpenWorkspace) -> None:
    """Neither anew, nor on where it has begun."""
    for number in range(3):
        workspace.record_aggregates([aggregate(now_us() - number)])
    frames = workspace.frames
    chunks = frames.sample_chunks(rows=1)
    untouched = frames.run_chunks()
    next(chunks)
    workspace.close()

    for read in (
        frames.samples, frames.runs, frames.steps, frames.rollups, frames.incidents, frames.sample_chunks,
        frames.run_chunks, lambda: frames.load_seconds("a"), lambda: list(chunks), lambda: list(untouched),
    ):  # fmt: skip
        with pytest.raises(outrider.UsageError, match="is closed") as refused:
            read()
        assert refused.value.slug == "workspace-closed"


def test_a_closed_workspace_says_so(workspace: outrider.OpenWorkspace) -> None:
    """It is not opened anew in secret; to close it twice is no error."""
    workspace.close()
    workspace.close()

    for call in (
        workspace.runs, workspace.incidents, workspace.judgements, lambda: workspace.frames, workspace.checks,
        workspace.__enter__,
    ):  # fmt: skip
        with pytest.raises(outrider.UsageError, match="is closed") as refused:
            call()
        assert refused.value.slug == "workspace-closed"


def test_a_rollup_of_another_kind_is_refused(workspace: outrider.OpenWorkspace) -> None:
    """Whatever its type."""
    with pytest.raises(outrider.UsageError) as refused:
        workspace.frames.rollups(by=[])  # type: ignore[arg-type]

    assert refused.value.slug == "bad-rollup"


@pytest.mark.parametrize(
    "error",
    [
        outrider.UsageError("is wrong", slug="bad-argument", fix="mend it", where=Place("a.toml", 3)),
        outrider.ConfigErrors((outrider.ConfigError("is wrong", slug="invalid-value"),)),
    ],
)
def test_an_error_comes_whole_from_another_process(error: outrider.OutriderError) -> None:
    """As from a ProcessPoolExecutor, which would break without it."""
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), copy.slug) == (type(error), str(error), error.slug)
