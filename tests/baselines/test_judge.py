"""The latency judge sees what changed, stays calm otherwise, and answers alike run by run and replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.baselines import (
    Condition,
    Direction,
    Event,
    EventKind,
    Part,
    Scale,
    Settings,
    State,
    dump,
    load,
    replay,
    step,
)
from outrider.baselines.judge import advance
from outrider.baselines.series import seconds_of

if TYPE_CHECKING:
    from tests.baselines.conftest import MakeSeries

    from outrider.baselines.series import FloatArray, IntArray, TimeArray

DAY = 288


def codes_in_pieces(at: IntArray, value: FloatArray, cuts: list[int]) -> IntArray:
    state, result = State(), []
    for begin, end in zip([0, *cuts], [*cuts, len(at)], strict=True):
        state, codes = advance(state, at[begin:end], value[begin:end])
        result.append(codes)
    return np.concatenate(result)


def state_after(at: TimeArray, value: FloatArray, chosen: Settings | None = None) -> State:
    state, _ = advance(State(settings=chosen or Settings()), seconds_of(at, len(at)), value)
    return state


def test_a_steady_series_raises_no_alert(make_series: MakeSeries) -> None:
    """Four weeks without a change stay without an alert (seed 1)."""
    at, value = make_series(1, 28)

    alerting = replay(at, value)

    assert not alerting.any()


@pytest.mark.parametrize(("rise", "within"), [(0.15, 96), (0.3, 24), (1.0, 8)])
def test_a_rise_is_seen_within_so_many_runs(make_series: MakeSeries, rise: float, within: int) -> None:
    """A step up opens an alert, the sooner the larger it is (seed 2)."""
    at, value = make_series(2, 22)
    onset = 20 * DAY
    value[onset:] *= 1 + rise

    alerting = replay(at, value)

    assert not alerting[:onset].any()
    assert alerting[onset : onset + within].any()


def test_a_fall_is_an_improvement_and_alerts_only_on_request(make_series: MakeSeries) -> None:
    """A step down is improved with direction up, degraded with direction both."""
    at, value = make_series(3, 21)
    value[20 * DAY :] *= 0.6

    assert state_after(at[: 20 * DAY + 40], value[: 20 * DAY + 40]).condition is Condition.IMPROVED
    assert not replay(at, value).any()
    assert replay(at, value, settings={"direction": "both"})[20 * DAY :].any()
    assert replay(at, value, settings={"direction": "down"})[20 * DAY :].any()


def test_the_way_back_from_a_better_level_is_steady_and_a_rise_above_it_alerts(make_series: MakeSeries) -> None:
    """A better level is adopted after a day or so; the level before it is still normal, more is not."""
    at, value = make_series(4, 30)
    value[20 * DAY : 24 * DAY] *= 0.6
    higher = value.copy()
    higher[24 * DAY :] *= 1.4
    later = value.copy()
    later[26 * DAY :] *= 1.4

    assert not replay(at, value).any()
    assert replay(at, higher)[24 * DAY : 24 * DAY + 40].any()
    assert replay(at, later)[26 * DAY : 26 * DAY + 40].any()


def test_the_loss_of_a_better_level_that_was_accepted_alerts(make_series: MakeSeries) -> None:
    """Who accepts a level says that the one before is not normal any more."""
    at, value = make_series(4, 26)
    value[20 * DAY : 24 * DAY] *= 0.6
    state = state_after(at[: 20 * DAY + 40], value[: 20 * DAY + 40])
    event = Event(EventKind.ACCEPTED, since=int(at[20 * DAY].astype(np.int64)))
    state, _ = step(state, at[20 * DAY + 40], value[20 * DAY + 40], event)

    rest = slice(20 * DAY + 41, 24 * DAY + 12)
    after, _ = advance(state, seconds_of(at[rest], rest.stop - rest.start), value[rest])

    assert after.condition is Condition.DEGRADED


@pytest.mark.slow
def test_a_habit_of_the_week_hardly_alerts(make_series: MakeSeries) -> None:
    """Of four Mondays after three weeks one alerts at most; one on a Wednesday, or much more on a Monday, is news."""
    at, value = make_series(21, 49)
    run = np.arange(len(at))
    monday = (run % (7 * DAY) >= 84) & (run % (7 * DAY) < 90)
    value[monday] *= 1.8
    more, other = value.copy(), value.copy()
    more[monday & (run >= 42 * DAY)] *= 3
    other[44 * DAY + 84 : 44 * DAY + 90] *= 1.8

    alerting = replay(at, value)

    assert int((np.diff(alerting[21 * DAY :].astype(int)) == 1).sum()) <= 1
    assert replay(at, more)[42 * DAY :].any()
    assert replay(at, other)[44 * DAY :].any()


def test_a_habit_that_lasts_longer_than_it_did_alerts(make_series: MakeSeries) -> None:
    """What is known of a Monday morning ends with it."""
    at, value = make_series(21, 36)
    run = np.arange(len(at))
    value[(run % (7 * DAY) >= 84) & (run % (7 * DAY) < 90)] *= 1.8
    value[35 * DAY + 90 :] *= 1.8

    alerting = replay(at, value)

    assert not alerting[35 * DAY : 35 * DAY + 96].any()
    assert alerting[35 * DAY + 200 :].any()


def test_a_series_that_stopped_for_a_month_keeps_its_season(make_series: MakeSeries) -> None:
    """A strong daily season is still known when runs resume."""
    at, value = make_series(22, 60)
    value *= np.exp(0.4 * np.sin(2 * np.pi * np.arange(len(value)) / DAY))
    kept = np.r_[0 : 21 * DAY, 51 * DAY : 60 * DAY]

    assert not replay(at[kept], value[kept])[15 * DAY :].any()


def test_an_alert_closes_after_the_rise_is_over(make_series: MakeSeries) -> None:
    """Two hours at twice the duration alert, and the alert is gone three hours later."""
    at, value = make_series(5, 22)
    value[20 * DAY : 20 * DAY + 24] *= 2

    alerting = replay(at, value)

    assert alerting[20 * DAY + 20]
    assert not alerting[20 * DAY + 60 :].any()


def test_an_incident_that_stands_does_not_become_normal(make_series: MakeSeries) -> None:
    """The baseline is frozen while an alert is open: five days at a new level stay an alert."""
    at, value = make_series(6, 26)
    value[20 * DAY :] *= 1.4

    alerting = replay(at, value)

    assert alerting[20 * DAY + 24 :].all()


def test_an_accepted_level_is_learned_and_then_steady(make_series: MakeSeries) -> None:
    """After the event the judge learns for 24 runs, then takes the new level for normal, and sees the next rise."""
    at, value = make_series(7, 23)
    value[20 * DAY :] *= 1.4
    value[22 * DAY :] *= 1.4
    state = state_after(at[: 21 * DAY], value[: 21 * DAY])

    state, first = step(state, at[21 * DAY], value[21 * DAY], Event(EventKind.ACCEPTED))
    after, codes = advance(state, seconds_of(at[21 * DAY + 1 :], 2 * DAY - 1), value[21 * DAY + 1 :])

    assert first.condition is Condition.STEADY
    assert set(codes[: DAY - 1].tolist()) == {1}
    assert after.condition is Condition.DEGRADED


def test_a_release_accepted_without_an_incident_waits_for_its_first_runs(make_series: MakeSeries) -> None:
    """Without runs since the release the judge learns, and says how many it has seen."""
    at, value = make_series(8, 21)
    state = state_after(at[: 20 * DAY], value[: 20 * DAY])

    state, signal = step(state, at[20 * DAY], value[20 * DAY], Event(EventKind.ACCEPTED))

    assert signal.condition is Condition.LEARNING
    assert "1 seen" in signal.reason


def test_a_closed_incident_may_open_again(make_series: MakeSeries) -> None:
    """Closing an incident whose cause is still there opens another one."""
    at, value = make_series(9, 22)
    value[20 * DAY :] *= 1.5
    state = state_after(at[: 20 * DAY + 50], value[: 20 * DAY + 50])

    state, signal = step(state, at[20 * DAY + 50], value[20 * DAY + 50], Event(EventKind.CLOSED))
    rest = slice(20 * DAY + 51, 20 * DAY + 80)
    after, _ = advance(state, seconds_of(at[rest], 29), value[rest])

    assert signal.condition is Condition.STEADY
    assert after.condition is Condition.DEGRADED


def test_a_reset_forgets_everything(make_series: MakeSeries) -> None:
    """After a reset the judge learns from nothing."""
    at, value = make_series(10, 20)

    state, signal = step(state_after(at[:-1], value[:-1]), at[-1], value[-1], Event(EventKind.RESET))

    assert signal.condition is Condition.LEARNING
    assert len(state.at) == 1


def test_the_signal_says_why(make_series: MakeSeries) -> None:
    """Part, window, observed, band, ratio and the first deviating run stand in the signal."""
    at, value = make_series(11, 21)
    onset = 20 * DAY
    value[onset:] *= 1.5
    state, k = state_after(at[:onset], value[:onset]), onset
    signal = None
    while signal is None or signal.condition is not Condition.DEGRADED:
        state, signal = step(state, at[k], value[k])
        k += 1

    assert signal.part in {Part.LEVEL, Part.SPREAD, Part.TAIL}
    assert signal.since is not None
    assert 0 <= signal.since - int(at[onset].astype(np.int64)) <= 2 * 300
    assert signal.observed > signal.expected_high > signal.expected_low
    assert 1.2 < signal.ratio < 1.8
    assert "runs" in signal.reason


def test_learning_says_what_it_waits_for(make_series: MakeSeries) -> None:
    """Before three days and 300 values there is no verdict."""
    at, value = make_series(12, 2)

    _, signal = step(state_after(at[:-1], value[:-1]), at[-1], value[-1])

    assert signal.condition is Condition.LEARNING
    assert "576 runs and 2.0 days" in signal.reason


def test_a_doubling_is_seen_while_learning_and_said_to_be_provisional(make_series: MakeSeries) -> None:
    """From thirty runs on; the median named lies outside the band, the alert closes, and learning goes on."""
    at, value = make_series(23, 5)
    value[40:80] *= 2
    state, signals = State(), []
    for k in range(120):
        state, signal = step(state, at[k], value[k])
        signals.append(signal)

    first = next(k for k, signal in enumerate(signals) if signal.condition is Condition.DEGRADED)
    assert 40 < first <= 49
    assert signals[first].provisional
    assert signals[first].reason.startswith("provisional, still learning: median of 9 runs")
    assert not signals[first].expected_low <= signals[first].observed <= signals[first].expected_high
    assert signals[-1].condition is Condition.LEARNING
    assert not replay(at, value)[120:].any()


def test_a_level_seen_while_learning_that_stands_for_a_day_is_the_level(make_series: MakeSeries) -> None:
    """Forty quick runs at the start do not make the rest of a life an alert."""
    at, value = make_series(24, 9)
    value[:40] /= 3

    alerting = replay(at, value)

    assert alerting[60]
    assert not alerting[40 + DAY + 20 :].any()
    assert state_after(at, value).condition is Condition.STEADY


def test_learning_lasts_three_days_at_a_quick_cadence_and_a_week_at_a_slow_one(make_series: MakeSeries) -> None:
    """300 values are wanted in the three days, 30 in the week."""
    quick, slow = make_series(13, 4), make_series(13, 14, every_s=3600)

    assert state_after(quick[0][: 3 * DAY], quick[1][: 3 * DAY]).condition is Condition.LEARNING
    assert state_after(quick[0][: 3 * DAY + 2], quick[1][: 3 * DAY + 2]).condition is Condition.STEADY
    assert state_after(slow[0][:167], slow[1][:167]).condition is Condition.LEARNING
    assert state_after(slow[0][:170], slow[1][:170]).condition is Condition.STEADY


@pytest.mark.parametrize("other", [0.0, np.nan], ids=["zero", "absent"])
def test_a_series_with_one_value_in_ten_leaves_learning(other: float) -> None:
    """Hourly for a month (seed 31); then ten slow runs in a row are seen."""
    rng = np.random.default_rng(31)
    at = np.datetime64("2026-01-05", "s") + np.arange(720) * np.timedelta64(3600, "s")
    value = np.where(rng.random(720) < 0.1, 100 * np.exp(0.2 * rng.standard_normal(720)), other)
    value[700:710] = 900.0

    assert state_after(at[:690], value[:690]).condition is Condition.STEADY
    alerting = replay(at, value)
    assert not alerting[:700].any()
    assert alerting[700:704].any()


def test_a_single_slow_run_of_a_slow_cadence_is_no_alert_and_two_are(make_series: MakeSeries) -> None:
    """Five times as long; two that take half as long again are not enough either."""
    at, value = make_series(14, 28, every_s=3600)
    single, double, slight = value.copy(), value.copy(), value.copy()
    single[600] *= 5
    double[600:602] *= 5
    slight[600:602] *= 1.5

    assert not replay(at, single).any()
    assert np.flatnonzero(replay(at, double))[0] == 601
    assert not replay(at, slight).any()


def test_two_averages_of_many_requests_alert_where_two_single_runs_do_not() -> None:
    """Half as long again for ten minutes, after two quiet days; one value alone says nothing (seed 32)."""
    rng = np.random.default_rng(32)
    at = np.datetime64("2026-01-05", "s") + np.arange(900) * np.timedelta64(300, "s")
    value = 90 * np.exp(0.05 * rng.standard_normal(900))
    single, double = value.copy(), value.copy()
    single[800] *= 1.5
    double[800:802] *= 1.5

    assert np.flatnonzero(replay(at, double, settings={"scale": "aggregate"}))[0] == 801
    assert not replay(at, single, settings={"scale": "aggregate"}).any()
    assert not replay(at, double).any()
    assert state_after(at[:570], value[:570], Settings(scale=Scale.AGGREGATE)).condition is Condition.LEARNING
    assert state_after(at[:580], value[:580], Settings(scale=Scale.AGGREGATE)).condition is Condition.STEADY


@pytest.mark.slow
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(0, 20 * DAY), max_size=30))
def test_any_cut_of_a_series_gives_the_same_answers(seed: int, cuts: list[int]) -> None:
    """With incidents, gaps and improvements, handed over piece by piece or whole."""
    rng = np.random.default_rng(seed)
    runs = 20 * DAY
    at = np.cumsum(rng.integers(250, 350, runs)) + 1_760_000_000
    value = 800 * np.exp(0.1 * rng.standard_normal(runs))
    for _ in range(6):
        begin = int(rng.integers(0, runs))
        value[begin : begin + int(rng.integers(1, 400))] *= rng.choice([0.5, 1.3, 3.0])
    value[rng.random(runs) < 0.02] = np.nan

    whole = codes_in_pieces(at, value, [])

    assert (codes_in_pieces(at, value, sorted(cuts)) == whole).all()


@pytest.mark.slow
def test_run_by_run_through_checkpoints_equals_the_replay(make_series: MakeSeries) -> None:
    """Each step may go through bytes: the alerts are those of the replay, before, in and after an incident."""
    at, value = make_series(14, 17)
    value[15 * DAY : 15 * DAY + 30] *= 1.7
    value[16 * DAY : 16 * DAY + 30] = np.nan
    expected = replay(at, value)
    state, alerting = State(), []
    for k in range(len(at)):
        if k >= 14 * DAY or k % 97 == 0:
            state = load(dump(state))
        state, signal = step(state, at[k], value[k])
        alerting.append(signal.condition is Condition.DEGRADED)

    assert expected[15 * DAY :].any()
    assert alerting == expected.tolist()


def test_a_year_of_ten_second_runs_keeps_a_bounded_state() -> None:
    """Twenty days at ten seconds fill the memory; more days do not make it larger."""
    rng = np.random.default_rng(15)
    runs = 20 * 8640
    at = 1_760_000_000 + 10 * np.arange(runs)
    value = 100 * np.exp(0.1 * rng.standard_normal(runs))

    half, _ = advance(State(), at[: runs * 3 // 4], value[: runs * 3 // 4])
    full, codes = advance(half, at[runs * 3 // 4 :], value[runs * 3 // 4 :])

    assert full.condition is Condition.STEADY
    assert not (codes == 2).any()
    assert len(full.at) < 25_000
    assert len(dump(full)) < 450_000


@pytest.mark.slow
def test_a_season_is_learned_after_two_weeks_and_follows_the_time_zone(make_series: MakeSeries) -> None:
    """A strong daily season leaves no alert, in any zone."""
    at, value = make_series(16, 28)
    value *= np.exp(0.3 * np.sin(2 * np.pi * np.arange(len(value)) / DAY))

    for zone in ("UTC", "Europe/Berlin", "Asia/Kathmandu"):
        state = state_after(at, value, Settings(tz=zone))
        assert state.baseline is not None
        assert np.ptp(state.baseline.season.daily) > 0.4
        assert not replay(at, value, settings={"tz": zone})[15 * DAY :].any()


def test_counts_are_judged_downwards_too() -> None:
    """A throughput that halves is seen, with zeros and over-dispersion in its past (seed 17)."""
    rng = np.random.default_rng(17)
    at = np.datetime64("2026-01-05", "s") + np.arange(20 * DAY) * np.timedelta64(300, "s")
    count = rng.negative_binomial(8, 0.1, len(at)).astype(float)
    count[19 * DAY :] = rng.negative_binomial(8, 0.2, DAY)

    alerting = replay(at, count, settings={"scale": "count", "direction": Direction.DOWN})

    assert not alerting[: 19 * DAY].any()
    assert alerting[19 * DAY : 19 * DAY + 36].any()


def test_at_a_slow_cadence_a_single_huge_run_alerts_until_it_recurs_daily(make_series: MakeSeries) -> None:
    """Two slow hours are news the first time; what comes every night for two weeks is normal by then."""
    at, value = make_series(19, 50, every_s=3600)
    nightly = np.arange(len(at)) >= 20 * 24
    value[nightly & (np.arange(len(at)) % 24 < 2)] *= 4

    alerting = replay(at, value)

    assert not alerting[: 20 * 24].any()
    assert alerting[20 * 24 : 21 * 24].any()
    assert not alerting[36 * 24 :].any()


def test_evidence_says_how_rarely_chance_alone_brings_it(make_series: MakeSeries) -> None:
    """Months at the limit, decades for what is plain; none without a deviation."""
    at, value = make_series(25, 16)
    value[15 * DAY :] *= 1.5
    state = state_after(at[: 15 * DAY - 1], value[: 15 * DAY - 1])
    months = []
    for k in range(15 * DAY - 1, 15 * DAY + 30):
        state, signal = step(state, at[k], value[k])
        if signal.condition is Condition.DEGRADED:
            months.append(signal.chance_months)
        else:
            assert np.isnan(signal.chance_months)

    assert months[0] >= 5
    assert max(months) > 1000


@pytest.mark.parametrize("rise", [1.6, 3.0, 10.0])
def test_one_slow_run_before_a_change_is_not_its_beginning(make_series: MakeSeries, rise: float) -> None:
    """A run that was slow by itself, as the first of a service that starts, does not acquit what came after it."""
    at, value = make_series(13, 21)
    onset = 20 * DAY
    value[onset - 3] *= 3.5
    value[onset:] *= rise
    state, k, signal = state_after(at[: onset - 3], value[: onset - 3]), onset - 3, None
    while signal is None or signal.condition is not Condition.DEGRADED:
        state, signal = step(state, at[k], value[k])
        k += 1

    assert signal.since == int(seconds_of(at[onset : onset + 1], 1)[0])
