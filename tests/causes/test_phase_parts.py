"""Without traces, the extra time of a step is told by what the prober measured of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outrider.causes import TimeAttribution, attribution_lines, runs_text
from outrider.causes.phase_parts import phase_parts
from outrider.causes.time_attribution import attribute_parts
from outrider.causes.trace_parts import Places, StepParts
from outrider.model import Measurement, Outcome, Sample, Step, StepKind


def request(number: int, **phases: float) -> Measurement:
    """Return a probe's request, with a millisecond that no phase covers."""
    wobble = number % 4
    taken = {"dns": 2.0, "connect": 5.0, "tls": 20.0, "first_byte": 80.0 + wobble, "transfer": 3.0} | phases
    total_ms = sum(taken.values()) + 1.0
    samples = tuple(Sample("request", f"{name}_ms", ms) for name, ms in taken.items())
    step = Step("request", "request", StepKind.AUTOMATIC, 0.0, total_ms)
    return Measurement(Outcome.PASSED, "", 0, total_ms, steps=(step,), samples=samples)


def journey(number: int, ttfb_ms: float = 100.0, click_ms: float = 50.0) -> Measurement:
    """Return a step that opens a page, which takes 300 ms after its first byte, and clicks."""
    goto_ms, wobble = ttfb_ms + 300.0, number % 4
    steps = (
        Step("buy", "buy", StepKind.NAMED, 0.0, goto_ms + click_ms + 30.0 + wobble),
        Step("goto /", "goto /", StepKind.AUTOMATIC, 1.0, goto_ms, parent="buy"),
        Step("click Pay", "click Pay", StepKind.AUTOMATIC, 500.0, click_ms, parent="buy"),
    )
    milestones = {"ttfb_ms": ttfb_ms, "dom_ms": ttfb_ms + 100, "load_ms": ttfb_ms + 250}
    samples = tuple(Sample("goto /", name, ms) for name, ms in milestones.items())
    return Measurement(Outcome.PASSED, "", 0, 900.0, steps=steps, samples=samples)


def attributed(before: list[Measurement], after: list[Measurement]) -> TimeAttribution:
    """Return where the extra time of the first step is; its parts add up to the whole."""
    places = Places()
    answer = attribute_parts(
        places, *([phase_parts(places, own, own.steps[0]) for own in side] for side in (before, after))
    )
    assert isinstance(answer, TimeAttribution), answer
    shares = [*(part.extra for part in answer.parts), answer.rest, answer.between, answer.outside]
    assert sum(share.ms for share in shares) == pytest.approx(answer.extra.ms)
    return answer


@pytest.mark.parametrize(
    ("phase", "name"),
    [
        ("dns", "DNS lookup"),
        ("tls", "TLS handshake"),
        ("first_byte", "wait for the first byte"),
        ("redirects", "redirects"),
    ],
)
def test_the_phase_of_a_request_that_takes_longer_is_named(phase: str, name: str) -> None:
    """A phase that is new, too; nothing else is."""
    runs = range(20)

    answer = attributed([request(number) for number in runs], [request(number, **{phase: 400.0}) for number in runs])

    assert [part.place.operation for part in answer.parts] == [name]
    (line, *_) = attribution_lines(answer)
    assert f" in {name}" in line
    assert "of (phase)" not in line


def test_a_slower_answer_is_told_from_a_slower_action() -> None:
    """By the milestones of the document that an action opened."""
    runs = range(20)
    before = [journey(number) for number in runs]

    answer = attributed(before, [journey(number, ttfb_ms=400.0) for number in runs])
    click = attributed(before, [journey(number, click_ms=90.0) for number in runs])

    assert [part.place.operation for part in answer.parts] == ["goto /: the document's first byte"]
    assert answer.parts[0].extra.ms == pytest.approx(300.0)
    assert [part.place.operation for part in click.parts] == ["click Pay"]


def test_what_is_not_measured_is_said() -> None:
    """Nothing within the step; actions that overlap, so that they do not add up."""
    plain = request(0)
    empty = Measurement(Outcome.PASSED, "", 0, 9.0, steps=plain.steps)
    overlapping = Measurement(
        Outcome.PASSED, "", 0, 9.0, steps=plain.steps, samples=(Sample("request", "first_byte_ms", 4_000.0),)
    )

    texts = [phase_parts(Places(), own, own.steps[0]) for own in (empty, overlapping)]

    assert texts == ["nothing is measured within the step", "what is measured within the step lasts longer than it"]


def test_it_says_that_it_is_told_without_traces() -> None:
    """And why."""
    parts = [StepParts(100.0 + number, {}, 100.0 + number, 0.0) for number in range(5)]
    answer = attribute_parts(Places(), parts, parts)
    assert isinstance(answer, TimeAttribution)

    assert runs_text(replace(answer, no_traces="nobody sends any")).endswith(
        "; by what the prober measured, since nobody sends any"
    )
