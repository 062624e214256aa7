"""What a run's report says first: cause, attempts, and what differs from the last good run. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.charts import milliseconds
from outrider.model import Outcome
from outrider.reports.run_comparison import pair_steps
from outrider.reports.time_text import span
from outrider.runs import shown_attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.model import Attempt, Run
    from outrider.reports.run_comparison import StepPair
    from outrider.reports.step_run import StepRun
    from outrider.reports.time_text import Clock

_CHARACTERS = 300
_STEPS = 3


def attempt_note(attempt: Attempt) -> str:
    """Return why the times of an attempt are not judged; empty if they are."""
    if attempt.evidence:
        return "evidence, not a measurement"
    if attempt.measured:
        return ""
    outcome = attempt.measurement.outcome
    whose = "retries" if outcome.is_good else "failed attempts" if outcome is Outcome.FAILED else "such attempts"
    return f"times of {whose} are not judged"


def run_sentences(run: Run, steps: Sequence[StepRun], good: Run | None, clock: Clock) -> tuple[str, ...]:
    """Return the sentences that a report of a run begins with.

    Args:
        run: Whole, with its attempts.
        steps: Of the attempt that counts, against what is usual.
        good: The newest run before it that passed at once in its place; None if there is none.
        clock: For times in the reader's time zone.
    """
    tries = [attempt for attempt in run.attempts if not attempt.evidence]
    if run.outcome is Outcome.PASSED:
        return (*([_sentence(run.reason)] if run.reason else []), *_pace(steps))
    sentences = [_cause(run, tries), _attempts(tries)]
    if run.outcome in {Outcome.FAILED, Outcome.PASSED_ON_RETRY} and tries:
        sentences.append(_against(run, shown_attempt(run), good, clock))
    return tuple(filter(None, sentences))


def _pace(steps: Sequence[StepRun]) -> tuple[str, ...]:
    known = [step for step in steps if step.standing]
    slower = [step for step in known if step.standing == "slower"]
    if not known:
        return ()
    if not slower:
        quick = any(step.standing == "quicker" for step in known)
        return (f"No step {'took longer than' if quick else 'is outside'} its usual spread.",)
    named = ", ".join(_slow_step(step) for step in slower[:_STEPS])
    return (f"{len(slower)} of {len(known)} steps took longer than usual: {named}{_more(slower)}.",)


def _slow_step(step: StepRun) -> str:
    if step.duration_ms is None or step.low is None or step.high is None:
        return _short(step.name)
    took, low, high = map(milliseconds, (step.duration_ms, step.low, step.high))
    return f"{_short(step.name)} {took}, usually {low} to {high}"


def _cause(run: Run, tries: Sequence[Attempt]) -> str:
    if not tries:
        return _sentence(f"{run.outcome.value}: {run.reason}" if run.reason else run.outcome.value)
    bad = shown_attempt(run)
    reason = bad.measurement.reason if run.outcome is Outcome.PASSED_ON_RETRY else run.reason
    where = _where(bad)
    failure = f"{bad.measurement.outcome.value}{where}" + (f": {_short(reason)}" if reason else "")
    if run.outcome is Outcome.PASSED_ON_RETRY:
        return _sentence(f"Attempt {bad.number} {failure}")
    return _sentence(failure if bad.measurement.outcome is run.outcome else f"{run.outcome.value}: {_short(reason)}")


def _attempts(tries: Sequence[Attempt]) -> str:
    """Return what several attempts did, one by one unless they are alike."""
    if len(tries) < 2:
        return ""
    done = [f"{attempt.measurement.outcome.value}{_where(attempt)}" for attempt in tries]
    if len(set(done)) == 1:
        return f"{'Both' if len(done) == 2 else f'All {len(done)}'} attempts {done[0]}."
    return _sentence(", ".join(f"attempt {attempt.number} {what}" for attempt, what in zip(tries, done, strict=True)))


def _against(run: Run, bad: Attempt, good: Run | None, clock: Clock) -> str:
    if good is None or not good.attempts:
        return "No run of it has passed at once here before."
    when = f"{clock.day_time(good.due_us)}, {span(run.due_us - good.due_us)} before"
    pairs = [pair for pair in pair_steps(bad, good.attempts[0]) if pair.difference]
    if not pairs:
        return f"Its steps took as long as in the last good run ({when})."
    return f"Unlike in the last good run ({when}): {'; '.join(map(_differs, pairs[:_STEPS]))}{_more(pairs)}."


def _differs(pair: StepPair) -> str:
    name = _short(pair.name)
    then = "" if pair.good_ms is None else f", {milliseconds(pair.good_ms)} then"
    match pair.difference:
        case "slower" if pair.bad_ms is not None:
            return f"{name} took {milliseconds(pair.bad_ms)}{then}"
        case "new":
            return f"{name} is new"
        case difference:
            return f"{name} {'was ' if difference == 'not reached' else ''}{difference}{then}"


def _where(attempt: Attempt) -> str:
    broken = [step.title for step in attempt.measurement.steps if step.error is not None]
    return f" in {_short(broken[0])}" if broken else ""


def _more(named: Sequence[object]) -> str:
    return f"; and {len(named) - _STEPS} more" if len(named) > _STEPS else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _CHARACTERS else f"{line[: _CHARACTERS - 1]}…"


def _sentence(text: str) -> str:
    line = _short(text)
    return f"{line[:1].upper()}{line[1:]}" + ("" if line.endswith((".", "…")) else ".")
