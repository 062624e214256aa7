"""The latency judge: one pure fold over the runs of a series.

`step` folds one run into a checkpoint, `replay` folds a whole series. Both go through `advance`, whose answers do not
depend on how a series is cut into pieces: scores are whole numbers, so sums are exact, and a baseline is learned anew
at runs that the data determine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from outrider.baselines.clock_change import zones_that_moved
from outrider.baselines.deviation import Block
from outrider.baselines.episode_end import STILL, STILL_RUNS, is_only_wider, is_over, lies_still
from outrider.baselines.expectation import Baseline, evidence, learn
from outrider.baselines.explanation import explain
from outrider.baselines.judge_settings import Scale, Settings
from outrider.baselines.late_runs import until_set_back
from outrider.baselines.precedent import (
    MORE,
    SLACK_S,
    WEEK_S,
    FormerLevel,
    Habit,
    peak,
    return_to,
    same_habit,
    with_habit,
    with_level,
)
from outrider.baselines.provisional import WINDOW, Reference, first_deviation, first_recovery
from outrider.baselines.season import FLAT
from outrider.baselines.series import DAY_S, BoolArray, FloatArray, IntArray, seconds_of, values_of
from outrider.baselines.state import Code, Episode, Event, EventKind, Signal, State
from outrider.baselines.statistics import COLUMNS, LOOK_BACK, Part
from outrider.baselines.trailing_runs import TrailingRuns
from outrider.baselines.value_scale import is_value, to_log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

LEARNING_RUNS = 300
LEARNING_S = 3 * DAY_S
AGGREGATE_S = 2 * DAY_S  # of values that each stand for many requests
SLOW_RUNS = 30  # are enough where they took a week, as at a slow cadence or where most runs have no value
SLOW_S = 7 * DAY_S
ADOPTING_RUNS = 24
_BAD_RUNS = 12  # that a bad level must last at least until it counts as normal
_PIECE = 1024  # runs judged at once: bounds memory
_FLASH_RUNS = 6
_ALIKE = 0.7  # share of the limit that a part must have reached at this time a week ago
_HABIT_S = 6 * 3600  # for which a habit may last that never alerted
_LATEST_RUNS = (6, 2)  # tell where a series is now; two may fire on the way back
_NOT_SPREAD = np.array([part is not Part.SPREAD for part, _ in COLUMNS])  # two levels in a block are a wide spread


def replay(at: ArrayLike, value: ArrayLike, *, settings: Mapping[str, object] | None = None) -> BoolArray:
    """Return whether an alert is open after each run, from that run and those before it alone.

    Args:
        at: When each run was due, datetime64[s] UTC, shape (n,). Runs that repeat or precede an earlier time are
            ignored; three in a row that lie an hour back mean that the clock was set back, and restart learning.
        value: Duration [ms], shape (n,). A negative number, NaN or infinity stands for a missing run; zero is a value.
        settings: Overrides of `Settings`, such as `{"direction": "both", "tz": "Europe/Berlin"}`.

    Raises:
        BadSeries: If shapes, types or settings are wrong.
    """
    numbers = values_of(value)
    seconds = seconds_of(at, len(numbers))
    _, codes = advance(State(settings=Settings.of(settings)), seconds, numbers)
    alerting: BoolArray = codes == Code.DEGRADED
    return alerting


def step(state: State, at: np.datetime64 | int, value: float, event: Event | None = None) -> tuple[State, Signal]:
    """Fold one run into the state of its series.

    Args:
        state: The checkpoint after the run before; `State()` for a new series.
        at: When the run was due: datetime64 or UTC seconds.
        value: Duration [ms]; NaN for a run without a sample.
        event: What happened before this run.
    """
    second = int(at.astype("datetime64[s]").astype(np.int64)) if isinstance(at, np.datetime64) else int(at)
    if event is not None:
        state = apply(state, event, second)
    before = state.last_at
    after, _ = advance(state, np.array([second]), np.array([float(value)]))
    ignored = after.last_at == before
    return after, explain(after, ignored=ignored)


def apply(state: State, event: Event, at: int) -> State:
    """Return the state after an event at UTC second `at`."""
    if event.kind is EventKind.RESET:
        return State(settings=state.settings)
    fold = _Fold(state)
    if event.kind is EventKind.CLOSED:
        fold.close(at)
    else:
        begun = fold.episode.since if fold.episode else at
        fold.adopt_since(event.since if event.since is not None else begun)
    return fold.state()


def advance(state: State, at: IntArray, value: FloatArray) -> tuple[State, IntArray]:
    """Fold runs into a state.

    Args:
        state: The checkpoint before them.
        at: UTC seconds.
        value: Durations [ms]; a negative number, NaN or infinity stands for a missing run.

    Returns:
        The checkpoint after them, and the `Code` of the series after each.
    """
    real = np.flatnonzero(is_value(value))
    log_value = to_log(value[real], state.settings)
    first = _code(state)
    state, folded_codes = _in_order(state, at[real], log_value)
    last = np.searchsorted(real, np.arange(len(value)), "right") - 1
    codes = np.where(last >= 0, folded_codes[np.maximum(last, 0)], first) if len(real) else np.full(len(value), first)
    return state, codes


def _in_order(state: State, at: IntArray, value: FloatArray) -> tuple[State, IntArray]:
    """Fold runs whose clock may stand still or go back."""
    codes, start = np.empty(len(at), np.int64), 0
    while start < len(at):
        end, state, accepted = until_set_back(state, at[start:])
        end += start
        folded = _Fold(state)
        before = _code(state)
        folded_codes = folded.run(at[start:end][accepted], value[start:end][accepted])
        place = np.cumsum(accepted) - 1
        codes[start:end] = (
            np.where(place >= 0, folded_codes[np.maximum(place, 0)], before) if len(folded_codes) else before
        )
        state = folded.state()
        if end < len(at):
            state = State(settings=state.settings)
        start = end
    return state, codes


def _code(state: State) -> int:
    return int(Code[state.condition.name])


class _Fold:
    """A state that is being advanced."""

    def __init__(self, state: State) -> None:
        self._from = state
        self._settings = state.judging
        self._zone, self._zone_of = state.zone, state.zone_of
        self._runs = TrailingRuns(state.at, state.value, state.cells)
        self.baseline = state.baseline
        self.episode = state.episode
        self._next_fit = state.next_fit
        self._fresh = state.fresh
        self._adopting = state.adopting
        self._started = state.started
        self._former = state.former
        self._habits = state.habits
        self._last_at = state.last_at

    def state(self) -> State:
        """Return the checkpoint."""
        kept = self._runs
        return replace(
            self._from, at=kept.at, value=kept.value, cells=kept.cells, baseline=self.baseline,
            next_fit=self._next_fit, fresh=self._fresh, episode=self.episode, adopting=self._adopting,
            started=self._started, last_at=self._last_at, former=self._former, habits=self._habits,
            zone=self._zone, zone_of=self._zone_of,
        )  # fmt: skip

    def run(self, at: IntArray, value: FloatArray) -> IntArray:
        """Fold runs in order, and return the code after each."""
        codes, start = np.empty(len(at), np.int64), 0
        while start < len(at):
            start += self._stretch(at[start:], value[start:], codes[start:])
        return codes

    def close(self, at: int) -> None:
        """End the episode; its runs do not count as normal."""
        episode = self.episode
        if episode is not None:
            if self.baseline is not None and (episode.alerting or episode.habitual_until is not None):
                self._habits = with_habit(self._habits, self._habit(episode, at))
            if not self._is_flash(episode, at):
                self._runs.exclude(episode.since, at)
            self.episode, self._fresh = None, 0

    def _habit(self, episode: Episode, until: int) -> Habit:
        """Return an episode as what may recur."""
        baseline, kept = self.baseline, self._runs
        assert baseline is not None
        first = int(np.searchsorted(kept.at, episode.since))
        back = max(0, first - LOOK_BACK + 1)
        rest = baseline.residual(kept.at[back:], kept.value[back:], self._settings.tz)
        shares = evidence(baseline, rest, len(kept) - first)[0 if episode.side > 0 else 1]
        size = peak(rest[first - back :], episode.side) * baseline.sigma
        return Habit(episode.side, episode.since, until, size, float(shares.max()))

    def _is_flash(self, episode: Episode, until: int) -> bool:
        """Whether it was so short that it spoils nothing, and is to become normal where it recurs."""
        seen = self._runs.at[np.searchsorted(self._runs.at, episode.since) :]
        return episode.part is Part.EXTREME and int((seen <= until).sum()) <= _FLASH_RUNS

    def adopt_since(self, since: int) -> None:
        """Begin to learn the level that holds since then; what people accepted ends the levels before it."""
        self.episode, self._former = None, ()
        if self.baseline is None:
            self._runs.exclude(-(2**62), since - 1)
            self._started = int(self._runs.at[0]) if len(self._runs) else None
        else:
            self._adopting = since

    def _stretch(self, at: IntArray, value: FloatArray, codes: IntArray) -> int:
        """Fold some runs, at least one unless the situation changes, and return how many."""
        if self.baseline is None and self.episode is not None:
            return self._stand_provisionally(self.episode, at, value, codes)
        if self.baseline is None:
            return self._learn(at, value, codes)
        if self._adopting is not None:
            return self._adopt(self._adopting, at, value, codes)
        if self.episode is not None:
            return self._stand(self.episode, at, value, codes)
        return self._watch(at, value, codes)

    def _take(self, at: IntArray, value: FloatArray) -> None:
        if len(at):
            self._runs.extend(at, value)
            self._fresh = min(self._fresh + len(at), LOOK_BACK)
            self._last_at = int(at[-1])

    def _learn(self, at: IntArray, value: FloatArray, codes: IntArray) -> int:
        if self._started is None:
            self._started = int(at[0])
        ready = min(
            max(int(np.searchsorted(at, self._started + span_s)), runs - len(self._runs))
            for span_s, runs in ((self._least_span_s(), LEARNING_RUNS), (SLOW_S, SLOW_RUNS))
        )
        times = np.concatenate([self._runs.at, at[:ready]])
        values = np.concatenate([self._runs.value, value[:ready]])
        fired, side = first_deviation(times, values, len(self._runs), self._settings)
        codes[:fired] = Code.LEARNING
        self._take(at[: fired + 1 if side else fired], value[: fired + 1 if side else fired])
        if side:
            self.episode = self._opened_provisionally(side, int(at[fired]))
            codes[fired] = self._standing_code()
            return fired + 1
        if ready < len(at):
            self._fit(int(at[ready]))
            self._fresh = 0
        return min(ready, len(at))

    def _least_span_s(self) -> int:
        return {Scale.AGGREGATE: AGGREGATE_S, Scale.COUNT: SLOW_S}.get(self._settings.scale, LEARNING_S)

    def _opened_provisionally(self, side: int, at: int) -> Episode:
        kept = self._runs
        begin = len(kept) - WINDOW
        deviation = Reference.before(kept.value, self._settings).deviation(kept.value[begin:], self._settings)
        since = int(kept.at[begin])
        return Episode(side, True, Part.LEVEL, WINDOW, since, at, deviation, provisional=True)

    def _stand_provisionally(self, episode: Episode, at: IntArray, value: FloatArray, codes: IntArray) -> int:
        """Fold runs of a deviation that was seen while learning; one that stands for a day is the level."""
        end = min(int(np.searchsorted(at, episode.opened_at + max(DAY_S, self._span_s(episode)))), _PIECE)
        if end == 0:
            self.adopt_since(episode.since)
            return 0
        first = int(np.searchsorted(self._runs.at, episode.since))
        reference = Reference.of(self._runs.value[:first], self._settings)
        over = first_recovery(reference, self._runs.value[first:], value[:end], episode.side)
        taken = min(over + 1, end)
        codes[:taken] = Code.DEGRADED
        self._take(at[:taken], value[:taken])
        if over < end:
            self.close(int(at[over]))
            codes[over] = Code.LEARNING
        return taken

    def _span_s(self, episode: Episode) -> int:
        """Return how long so many runs take as tell a level."""
        return int(ADOPTING_RUNS * (episode.opened_at - episode.since) / max(1, episode.window - 1))

    def _fit(self, now: int) -> None:
        kept = self._runs
        kept.trim(now)
        if len(kept) >= SLOW_RUNS:
            self.baseline = learn(kept.at, kept.value, kept.by_half_hours(), self._settings)
        cadence = self.baseline.cadence_s if self.baseline else 0.0
        self._next_fit = now + max(DAY_S, int(24 * cadence))

    def _evidence(self, baseline: Baseline, at: IntArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
        back = min(self._fresh, LOOK_BACK - 1, len(self._runs))
        start = len(self._runs) - back
        times = np.concatenate([self._runs.at[start:], at])
        values = np.concatenate([self._runs.value[start:], value])
        return evidence(baseline, baseline.residual(times, values, self._settings.tz), len(at))

    def _watch(self, at: IntArray, value: FloatArray, codes: IntArray) -> int:
        end = min(int(np.searchsorted(at, self._next_fit)), _PIECE)
        if end == 0:
            self._fit(int(at[0]))
            return 0
        assert self.baseline is not None
        at, value = at[:end], value[:end]
        sides = dict(zip((1, -1), self._evidence(self.baseline, at, value), strict=True))
        fired = _first(np.maximum(sides[1].max(axis=1), sides[-1].max(axis=1)) >= 1)
        codes[:fired] = Code.STEADY
        self._take(at[: fired + 1], value[: fired + 1])
        if fired < len(at):
            self._open({side: side_evidence[fired] for side, side_evidence in sides.items()}, int(at[fired]))
            codes[fired] = self._standing_code()
        return min(fired + 1, len(at))

    def _open(self, shares: dict[int, FloatArray], at: int) -> None:
        """Open an episode, unless the series has returned to a level that was normal, or clocks have changed."""
        if self._follows_clock(at):
            return
        episode = self._opened(shares, at)
        if episode.alerting:
            if self._has_returned(episode, at):
                return
            habit = same_habit((*self._habits, *self._last_week(episode, at)), self._habit(episode, at))
            if habit is not None:
                most = MORE * habit.share
                episode = replace(episode, alerting=False, habitual_until=habit.until, most_share=most)
        self.episode = episode

    def _follows_clock(self, at: int) -> bool:
        """Judge by another time zone from now on if clocks changed there lately and nothing deviates in it."""
        kept, back = self._runs, min(self._fresh, LOOK_BACK, len(self._runs))
        for zone in zones_that_moved(at, self._settings.tz):
            settings = replace(self._settings, tz=zone)
            moved = learn(kept.at, kept.value, kept.by_half_hours(), settings)
            residual = moved.residual(kept.at[-back:], kept.value[-back:], zone)
            if moved.season is not FLAT and max(side.max() for side in evidence(moved, residual, 1)) < 1:
                self._zone, self._zone_of, self._settings = zone, self._from.settings.tz, settings
                self.baseline, self.episode, self._fresh = moved, None, 0
                return True
        return False

    def _last_week(self, episode: Episode, at: int) -> tuple[Habit, ...]:
        """Return what the runs of a week ago show where the same part measured nearly as much, alert or none."""
        kept, baseline, then = self._runs, self.baseline, at - WEEK_S
        assert baseline is not None
        begin, near, end = np.searchsorted(kept.at, [then - SLACK_S, then + SLACK_S, then + _HABIT_S]).tolist()
        if near == begin:
            return ()
        first = max(0, begin - LOOK_BACK + 1)
        rest = baseline.residual(kept.at[first:end], kept.value[first:end], self._settings.tz)
        shares = evidence(baseline, rest, end - begin)[0 if episode.side > 0 else 1]
        share = shares[:, COLUMNS.index((episode.part, episode.window))]
        if share[: near - begin].max() < _ALIKE:
            return ()
        last = begin + int(np.flatnonzero(share >= STILL)[-1])
        size = peak(rest[begin - first : last + 1 - first], episode.side) * baseline.sigma
        return (Habit(episode.side, then, int(kept.at[last]), size, float(shares.max())),)

    def _has_returned(self, episode: Episode, at: int) -> bool:
        """Judge by a former level from now on if the latest runs lie at one and nothing but their level is new."""
        kept, baseline = self._runs, self.baseline
        assert baseline is not None
        back = min(self._fresh, LOOK_BACK, len(kept))
        times, values = kept.at[-back:], kept.value[-back:]
        rest = self._rest(times, values)
        latest = [baseline.level + float(np.median(rest[-runs:])) for runs in _LATEST_RUNS]
        near = (former for place in latest for former in return_to(self._former, baseline.level, place, at))
        for former in near:
            moved = replace(baseline, level=former.level)
            up, down = evidence(moved, moved.residual(times, values, self._settings.tz), 1)
            if (up if episode.side > 0 else down)[0][_NOT_SPREAD].max() < 1:
                kept.shift_before(episode.since, former.level - baseline.level)
                others = tuple(level for level in self._former if level != former)
                self._former = with_level(others, FormerLevel(baseline.level, episode.since))
                self.baseline, self.episode, self._fresh = moved, None, 0
                return True
        return False

    def _opened(self, by_side: dict[int, FloatArray], at: int) -> Episode:
        alerting = [side for side in self._settings.alerting_sides if by_side[side].max() >= 1]
        side = max(alerting or by_side, key=lambda direction: float(by_side[direction].max()))
        part, window = COLUMNS[int(by_side[side].argmax())]
        kept, begin = self._runs, max(len(self._runs) - window, 0)
        assert self.baseline is not None
        block = Block(self.baseline, kept.at[begin:], kept.value[begin:], self._settings)
        return Episode(side, bool(alerting), part, window, int(kept.at[begin]), at, block.measured(part, side))

    def _stand(self, episode: Episode, at: IntArray, value: FloatArray, codes: IntArray) -> int:
        assert self.baseline is not None
        end = min(int(np.searchsorted(at, self._adopted_at(episode))), _PIECE)
        if self.baseline.is_constant and self._varies_for_a_day(self.baseline, episode, int(at[0])):
            self.baseline, self._habits = None, ()  # they do not tell how far runs differ
            self.adopt_since(episode.since)
            return 0
        if end == 0:
            self._pass(episode)
            return 0
        if self.baseline.is_constant:
            end = min(end, max(1, int(np.searchsorted(at, self._learned_at(episode)))))
        at, value = at[:end], value[:end]
        sides = dict(zip((1, -1), self._evidence(self.baseline, at, value), strict=True))
        gone = is_over(episode, sides[episode.side])
        if self.baseline.is_constant and episode.part is not Part.EXTREME:
            times = np.concatenate([self._runs.at[-STILL_RUNS:], at])
            rest = self._rest(times, np.concatenate([self._runs.value[-STILL_RUNS:], value]))
            gone &= lies_still(rest, len(at), self.baseline.least_effect)
        over = _first(gone)
        other = sides[-episode.side][:, _NOT_SPREAD]
        worse = _first(other.max(axis=1) >= 1) if not episode.alerting else len(at)
        if episode.habitual_until is not None:
            worse = min(worse, _first(sides[episode.side].max(axis=1) > episode.most_share))
        turn = min(over, worse)
        codes[:turn] = self._standing_code()
        self._take(at[: turn + 1], value[: turn + 1])
        if turn < len(at):
            if over <= worse:
                self.close(int(at[turn]))
            else:
                self._open({side: side_evidence[turn] for side, side_evidence in sides.items()}, int(at[turn]))
            codes[turn] = self._standing_code()
        return min(turn + 1, len(at))

    def _rest(self, at: IntArray, value: FloatArray) -> FloatArray:
        """Return log values above what was expected."""
        assert self.baseline is not None
        return value - self.baseline.expected(at, self._settings.tz)

    def _varies_for_a_day(self, baseline: Baseline, episode: Episode, at: int) -> bool:
        """Whether an episode of a constant series is a day old with this run, and only how far runs differ is new."""
        kept, since = self._runs, int(np.searchsorted(self._runs.at, episode.since))
        is_due = self._last_at is not None and self._last_at < self._learned_at(episode) <= at
        rest = self._rest(kept.at[since:], kept.value[since:])
        return is_due and len(rest) > 0 and is_only_wider(rest, baseline.least_effect)

    def _learned_at(self, episode: Episode) -> int:
        """Return when a deviation has stood for so long that its runs tell a level or a spread."""
        assert self.baseline is not None
        return episode.opened_at + max(DAY_S, int(2 * ADOPTING_RUNS * self.baseline.cadence_s))

    def _standing_code(self) -> Code:
        return Code.STEADY if self.episode is None else self.episode.code

    def _pass(self, episode: Episode) -> None:
        """End an episode whose time is over: a habit that lasts is judged anew, a level that stood is the new one."""
        if episode.habitual_until is not None:
            self.episode = None
            return
        assert self.baseline is not None
        former = (
            self._former
            if episode.alerting
            else with_level(self._former, FormerLevel(self.baseline.level, episode.since))
        )
        self.adopt_since(episode.since)
        self._former = former

    def _adopted_at(self, episode: Episode) -> int:
        """Return when a deviation has stood for so long that it is the new level; a good one soon is."""
        if episode.habitual_until is not None:
            return episode.habitual_until
        assert self.baseline is not None
        cadence_s = self.baseline.cadence_s
        if episode.alerting:
            return episode.opened_at + max(int(self._settings.adopt_after_days * DAY_S), int(_BAD_RUNS * cadence_s))
        return self._learned_at(episode)

    def _adopt(self, since: int, at: IntArray, value: FloatArray, codes: IntArray) -> int:
        kept = self._runs
        wanted = ADOPTING_RUNS - int((kept.at >= since).sum())
        taken = min(max(wanted, 0), len(at))
        codes[:taken] = Code.LEARNING
        self._take(at[:taken], value[:taken])
        if taken >= wanted:
            self._move_level(since)
        return taken

    def _move_level(self, since: int) -> None:
        assert self.baseline is not None
        kept, new = self._runs, self._runs.at >= since
        amount = float(np.median(self._rest(kept.at[new], kept.value[new])))
        kept.shift_before(since, amount)
        self.baseline = replace(self.baseline, level=self.baseline.level + amount)
        self._adopting, self._fresh = None, 0


def _first(where: BoolArray) -> int:
    """Return the index of the first that is true, or the length."""
    return int(where.argmax()) if where.any() else len(where)
