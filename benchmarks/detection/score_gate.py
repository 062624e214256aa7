"""Scores the gate as it is used: several checks of several steps, looks, corrections, failures. Prints one JSON object.

python -m benchmarks.detection.score_gate --trials 300 --seed 1
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from time import process_time

import numpy as np
from benchmarks.detection.score_sequential import session_pair

from outrider.baselines import Plan
from outrider.gate import Decision, Rules, Session, gather
from outrider.model import CheckId

RUNS = 5


@dataclass(frozen=True)
class Scene:
    """What is compared: a share of runs fails on both sides; one step of the first check is slower."""

    checks: int
    steps: int
    sigma: float
    effect: float = 0.0
    failing: float = 0.0
    failing_more: float = 0.0


class Simulated:
    """Sessions from the simulator; steps of one session share nothing but their seed."""

    def __init__(self, rng: np.random.Generator, scene: Scene) -> None:
        self._rng = rng
        self._scene = scene

    def take(self, check: CheckId, number: int) -> tuple[Session, Session]:  # noqa: ARG002 - a source's signature
        scene = self._scene
        durations: tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]] = ({}, {})
        for step in range(scene.steps):
            effect = scene.effect if (check, step) == ("check 0", 0) else 0.0
            for side, values in zip(durations, session_pair(self._rng, scene.sigma, effect), strict=True):
                side[f"step {step}"] = tuple(values.tolist())
        more = scene.failing_more if check == "check 0" else 0.0
        failed = self._rng.binomial(RUNS, [scene.failing, scene.failing + more]).tolist()
        left, right = (
            Session({step: values[: RUNS - bad] for step, values in side.items()}, RUNS, bad)
            for side, bad in zip(durations, failed, strict=True)
        )
        return left, right


def score(scene: Scene, trials: int, seed: int, cap: int) -> dict[str, float]:
    looks = (*(look for look in Plan().looks if look < cap), cap)
    rules = {CheckId(f"check {number}"): Rules(plan=Plan(looks=looks)) for number in range(scene.checks)}
    words, sessions, by_check, began = [], [], list[float](), process_time()
    for trial in range(trials):
        gathered = gather(rules, Simulated(np.random.default_rng([seed, 7, trial]), scene))
        words.append(str(Decision(gathered.comparisons).verdict))
        by_check.append(
            float(np.mean([compared.comparison.sessions for compared in gathered.comparisons if compared.step]))
        )
        sessions.append(max(compared.comparison.sessions for compared in gathered.comparisons))
    shares = {word: words.count(word) / trials for word in ("fail", "pass", "inconclusive")}
    mean = round(float(np.mean(by_check)), 1)
    cost_ms = (process_time() - began) / trials * 1000
    return shares | {
        "median_most_sessions": float(np.median(sessions)),
        "mean_sessions": mean,
        "judging_ms": round(cost_ms, 1),
    }


SCENES = {
    "1 check of 1 step, CV 10 %, alike": Scene(1, 1, 0.10),
    "1 check of 1 step, CV 10 %, +10 %": Scene(1, 1, 0.10, 0.10),
    "5 checks of 6 steps, CV 10 %, alike": Scene(5, 6, 0.10),
    "5 checks of 6 steps, CV 10 %, one step +10 %": Scene(5, 6, 0.10, 0.10),
    "5 checks of 6 steps, CV 10 %, one step +20 %": Scene(5, 6, 0.10, 0.20),
    "5 checks of 6 steps, CV 25 %, alike": Scene(5, 6, 0.25),
    "5 checks of 6 steps, CV 25 %, one step +20 %": Scene(5, 6, 0.25, 0.20),
    "5 checks of 6 steps, CV 10 %, alike, 5 % of runs fail": Scene(5, 6, 0.10, failing=0.05),
    "5 checks of 6 steps, CV 10 %, one fails in 1 % and now in 21 %": Scene(5, 6, 0.10, failing=0.01, failing_more=0.2),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cap", type=int, default=20)
    parser.add_argument("--only", default="", help="scenes whose name has this")
    given = parser.parse_args()
    chosen = {name: scene for name, scene in SCENES.items() if given.only in name}
    scores = {name: score(scene, given.trials, given.seed, given.cap) for name, scene in chosen.items()}
    print(json.dumps(scores, indent=1))
