"""A month of 200 healthy checks, with blips, on an accelerated clock: how often is somebody notified for nothing?

Two models of blips. "short outages": each check's target is away once in two days for 20 s on average (exponential),
and a run fails if its attempt and the retry two seconds later both fall into that. "single runs": every run fails by
itself with probability 0.2 %, which is far worse than what a retry lets through. In both, durations are those of the
simulator that the judge is scored on (benchmarks/detection/latency.py), its four profiles in turn, spikes and pairs
of slow runs included.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.detection.latency import PROFILES, monitor

from outrider.alerts import AlertSettings, Facts, Finding, FindingKey, Problem, replayed
from outrider.alerts.route import Route
from outrider.baselines import replay, replay_rates
from outrider.model import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_DAY_S = 86_400
_EVERY_S = 300.0
_START_S = 1_780_272_000
_MONTHS_A_MESSAGE = 5.0
_AFTER = 12  # runs after a bad one that the tracker observes; what is well and dropped need not be


def _outages(rng: np.random.Generator, at_s: NDArray[np.float64], days: float) -> NDArray[np.bool_]:
    count = rng.poisson(days / 2)
    begin = rng.uniform(at_s[0], at_s[0] + days * _DAY_S, count)
    end = begin + rng.exponential(20.0, count)
    failed = np.zeros(len(at_s), bool)
    for first, last in zip(begin, end, strict=True):
        failed |= (at_s >= first) & (at_s + 2.0 <= last)
    return failed


def _single(rng: np.random.Generator, at_s: NDArray[np.float64], _: float) -> NDArray[np.bool_]:
    return rng.random(len(at_s)) < 0.002


_MODELS = {"short outages": _outages, "single runs": _single}


def _symptoms(check: int, model: str, days: float) -> Iterator[Finding]:
    rng = np.random.default_rng([check, list(_MODELS).index(model)])
    at_s = _START_S + rng.uniform(0, _EVERY_S) + np.arange(0, days * _DAY_S, _EVERY_S)
    failed = _MODELS[model](rng, at_s, days)
    took = monitor(rng, len(at_s), list(PROFILES)[check % len(PROFILES)])
    slow = np.asarray(replay(at_s.astype("datetime64[s]"), np.where(failed, np.nan, took)))
    often = np.asarray(replay_rates(failed.astype(float)))
    for problem, step, bad in (
        (Problem.FAILURE, "", failed),
        (Problem.FAILURE, "share of failures", often),
        (Problem.DEGRADATION, "pay", slow),
    ):
        key = FindingKey(problem, Subject(f"probe:{check}"), "production", "local", step)
        near = np.convolve(bad, np.ones(_AFTER), "full")[: len(bad)] > 0
        for index in np.flatnonzero(near):
            at_us = int(at_s[index] * 1_000_000)
            labels = {"problem": problem.value, "check": key.subject}
            causes = (f"host:{check}", f"check:{check}")
            yield Finding(key, bool(bad[index]), at_us, Facts("blip"), causes, labels)


def _is_blip(symptom: Finding) -> bool:
    return symptom.present and symptom.key.problem is Problem.FAILURE and not symptom.key.step


def main() -> int:
    """Print what was seen; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--days", type=float, default=44.0, help="two weeks to learn, and the month that counts")
    asked = parser.parse_args()
    counted_days = asked.days - 14
    missed = False
    for model in _MODELS:
        symptoms = [
            symptom
            for check in range(asked.checks)
            for symptom in _symptoms(check, model, asked.days)
            if symptom.at_us > (_START_S + 14 * _DAY_S) * 1_000_000
        ]
        symptoms.sort(key=lambda symptom: symptom.at_us)
        blips = sum(_is_blip(symptom) for symptom in symptoms)
        result = replayed(symptoms, AlertSettings(route=Route(receivers=("mail",))))
        months = asked.checks * counted_days / 30
        rate = result.triggers / months
        kinds = {kind: sum(incident.problem is kind for incident in result.incidents) for kind in Problem}
        missed |= rate > 1 / _MONTHS_A_MESSAGE
        print(f"{model}: {blips} failed runs, {len(result.incidents)} incidents, {result.triggers} alerts")
        print(f"  { ({kind.value: count for kind, count in kinds.items() if count}) }")
        per_check = f"one in {1 / rate:.1f} months" if rate else f"none in {months:.0f} check-months"
        print(f"  a check: {per_check} (target: one in {_MONTHS_A_MESSAGE:g} or rarer)")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
