"""Score change points on histories that we label: trends that bend, steps, steps on a trend. Prints one JSON object.

python -m benchmarks.detection.score_trends --series 100 --seed 1

`f1`, `precision` and `recall` count a change as found within five values of it, each once; `unchanged_but_flagged` is
the share of lines without a bend that are given a change point.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.detection.latency import autoregressive

from outrider.baselines import change_points

if TYPE_CHECKING:
    from benchmarks.detection.latency import FloatArray

MARGIN = 5
LENGTH = 200
KINDS = ("bends", "steps", "both", "line")


def history(rng: np.random.Generator, kind: str) -> tuple[FloatArray, list[int]]:
    """Return a history around 100 with noise of 3, and where it changes: two or three times, none for a line."""
    changes = sorted((np.cumsum(rng.integers(40, 65, rng.integers(2, 4)))).tolist()) if kind != "line" else []
    edges, value, level = [0, *changes, LENGTH], np.zeros(LENGTH), 100.0
    slope = 0.0 if kind == "steps" else rng.choice([-1, 1]) * rng.uniform(0.2, 0.6)
    for begin, end in pairwise(edges):
        value[begin:end] = level + slope * np.arange(end - begin)
        level = value[end - 1] + slope
        if kind != "bends":
            level += rng.choice([-1, 1]) * rng.uniform(8, 20)
        if kind != "steps":
            slope = slope - np.sign(slope or 1.0) * rng.uniform(0.4, 1.0)
    return value + 3 * autoregressive(rng, LENGTH, 0.2), changes


def score(located: list[int], truth: list[int]) -> tuple[int, int, int]:
    """Return hits, points found and changes."""
    hits = sum(any(abs(point - change) <= MARGIN for point in located) for change in truth)
    return hits, len(located), len(truth)


def main(args: argparse.Namespace) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for k, kind in enumerate(KINDS):
        rows, flagged = np.zeros(3), 0
        for i in range(args.series):
            value, truth = history(np.random.default_rng([args.seed, 51, k, i]), kind)
            located = [int(point) for point in change_points(value)]
            rows += score(located, truth)
            flagged += bool(located)
        hits, points, changes = rows
        if kind == "line":
            result[kind] = {"unchanged_but_flagged": flagged / args.series}
        else:
            precision, recall = hits / max(1, points), hits / changes
            f1 = 2 * precision * recall / max(1e-9, precision + recall)
            result[kind] = {"f1": f1, "precision": precision, "recall": recall}
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=100, help="histories a kind")
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(main(parser.parse_args()), indent=1))
