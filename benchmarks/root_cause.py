"""How well the root of a problem is named: `python -m benchmarks.root_cause FOLDER`, a copy of PetShop's labelled half.

PetShop (Hardt et al. 2024, arXiv:2311.04806): metrics by five minutes of a shop of 41 components into which problems
were put, and which component they were put into. For each problem: the place of that component among those that the
affected one depends on, by `rank_suspects`, by BARO's score (Pham et al. 2024, doi:10.1145/3660805: the largest robust
z of any of its metrics) and by a random walk over the call graph (MonitorRank: Kim et al. 2013,
doi:10.1145/2465529.2465753). The labels are looked at for scoring alone. Wanted: 24 of 26 in the first three, 18 first.

On the data without a problem: in which share of 25 minutes a suspect stands out.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from outrider.causes import Observed, rank_suspects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.baselines import FloatArray
    from outrider.causes import Suspect

Metric = tuple[str, str, str]
Table = dict[Metric, "FloatArray"]
Calls = dict[str, list[str]]
LEAST_SHARE, LEAST_POINTS = 0.05, 1.0
WINDOW = 5
LEARNED = 400
BACKWARD = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """A problem: where it shows and by which metric, what was measured meanwhile, and its root."""

    affected: str
    metric: str
    statistic: str
    lately: Table
    root: str


def read_table(path: Path) -> Table:
    """Return the values of each metric by period; NaN where nothing was measured."""
    names, metrics, statistics, _, *rows = csv.reader(path.open(encoding="utf-8"))
    columns = zip(*rows, strict=True)
    next(columns)  # times
    keys = zip(names[1:], metrics[1:], statistics[1:], strict=True)
    return {key: np.array([float(text or "nan") for text in column]) for key, column in zip(keys, columns, strict=True)}


def read_calls(path: Path) -> Calls:
    """Return whom each component calls."""
    (_, *names), *rows = csv.reader(path.open(encoding="utf-8"))
    return {row[0]: [name for name, edge in zip(names, row[1:], strict=True) if float(edge)] for row in rows}


def read_case(folder: Path) -> Case:
    """Return a problem of the data set."""
    told_by = json.loads((folder / "target.json").read_text(encoding="utf-8"))
    target = told_by["target"]
    table = read_table(folder / "metrics.csv")
    return Case(target["node"], target["metric"], target["agg"], table, told_by["root_cause"]["node"])


def ours(case: Case, usual: Table, calls: Calls) -> tuple[Suspect, ...]:
    """Return the suspects by the metric by which the problem shows."""
    is_duration = case.metric == "latency"
    sign = 1.0 if is_duration else -1.0
    observed = {}
    for (name, metric, statistic), values in usual.items():
        lately = case.lately.get((name, metric, statistic))
        if (metric, statistic) != (case.metric, case.statistic) or lately is None or not np.isfinite(values).any():
            continue
        least = LEAST_SHARE * float(np.nanmedian(values)) if is_duration else LEAST_POINTS
        observed[name] = Observed(sign * values, sign * lately, least)
    return rank_suspects(observed, calls, case.affected)


def by_baro(case: Case, usual: Table, calls: Calls) -> list[str]:
    """Return components by the largest robust z of any of their metrics."""
    scores: dict[str, float] = dict.fromkeys(reachable(calls, case.affected), -math.inf)
    for key, lately in case.lately.items():
        values = usual.get(key)
        if key[0] not in scores or values is None or not (np.isfinite(values).any() and np.isfinite(lately).any()):
            continue
        low, median, high = np.nanpercentile(values, (25, 50, 75))
        scores[key[0]] = max(scores[key[0]], float(np.nanmax(np.abs(lately - median))) / ((high - low) or 1.0))
    return sorted(scores, key=lambda name: (-scores[name], name))


def by_walk(case: Case, usual: Table, calls: Calls) -> list[str]:
    """Return components by how often a walk from the affected one is there, which goes where metrics correlate."""
    names = sorted(reachable(calls, case.affected))
    own = _joined(case, usual, case.affected)
    alike = {name: _correlation(_joined(case, usual, name), own) for name in names}
    steps = np.zeros((len(names), len(names)))
    for row, name in enumerate(names):
        callees = [callee for callee in calls.get(name, ()) if callee in alike]
        for callee in callees:
            steps[row, names.index(callee)] += alike[callee]
            steps[names.index(callee), row] += BACKWARD * alike[name]
        steps[row, row] += max(alike[name] - max((alike[callee] for callee in callees), default=0.0), 0.0)
    steps += 1e-6
    steps /= steps.sum(axis=1, keepdims=True)
    there = np.full(len(names), 1 / len(names))
    for _ in range(500):
        there = there @ steps
    score = dict(zip(names, there.tolist(), strict=True))
    return sorted((name for name in names if name != case.affected), key=lambda name: (-score[name], name))


def _joined(case: Case, usual: Table, name: str) -> FloatArray:
    key = (name, case.metric, case.statistic)
    empty = np.full(WINDOW, np.nan)
    return np.concatenate([usual.get(key, empty)[-12:], case.lately.get(key, empty)])


def _correlation(values: FloatArray, own: FloatArray) -> float:
    known = np.isfinite(values) & np.isfinite(own) if len(values) == len(own) else np.zeros(1, dtype=bool)
    if known.sum() < 3 or values[known].std() == 0 or own[known].std() == 0:
        return 0.01
    return max(abs(float(np.corrcoef(values[known], own[known])[0, 1])), 0.01)


def reachable(calls: Mapping[str, Sequence[str]], start: str) -> set[str]:
    """Return what a component depends on, itself included."""
    reached, ahead = {start}, [start]
    while ahead:
        fresh = set(calls.get(ahead.pop(), ())) - reached
        reached |= fresh
        ahead += fresh
    return reached


def place_of(root: str, ranked: Sequence[str]) -> int:
    """Return the place of the root, from one; a place behind all where it is not there."""
    return ranked.index(root) + 1 if root in ranked else 99


def calm_share(usual: Table, calls: Calls, affected: str, metric: str) -> float:
    """Return in which share of windows without a problem a suspect stands out."""
    learned = {key: values[:LEARNED] for key, values in usual.items()}
    standing = []
    for begin in range(LEARNED, len(next(iter(usual.values()))) - WINDOW + 1, WINDOW):
        lately = {key: values[begin : begin + WINDOW] for key, values in usual.items()}
        suspects = ours(Case(affected, metric, "Average", lately, ""), learned, calls)
        standing.append(any(suspect.stands_out for suspect in suspects))
    return sum(standing) / len(standing)


def main() -> None:
    """Print a line a method, and how often a suspect stands out where nothing is wrong."""
    folder = Path(sys.argv[1])
    usual, calls = read_table(folder / "noissue" / "metrics.csv"), read_calls(folder / "graph.csv")
    cases = [read_case(path.parent) for path in sorted(folder.glob("*/*/target.json"))]
    ranked = [ours(case, usual, calls) for case in cases]
    rows: dict[str, list[Sequence[str]]] = {
        "ours": [[suspect.name for suspect in suspects] for suspects in ranked],
        "BARO's score": [by_baro(case, usual, calls) for case in cases],
        "random walk": [by_walk(case, usual, calls) for case in cases],
    }
    for name, lists in rows.items():
        places = [place_of(case.root, names) for case, names in zip(cases, lists, strict=True)]
        first, three = (sum(place <= most for place in places) for most in (1, 3))
        print(f"{name}: first in {first} of {len(places)}, among three in {three}")
    named = [(own[0], case) for own, case in zip(ranked, cases, strict=True) if own and own[0].stands_out]
    right = sum(suspect.name == case.root for suspect, case in named)
    print(f"the first stands out in {len(named)} of {len(cases)}, and is right in {right}")
    for metric in ("latency", "availability"):
        share = calm_share(usual, calls, cases[0].affected, metric)
        print(f"without a problem, {metric}: a suspect stands out in {share:.0%} of 25 minutes")


if __name__ == "__main__":
    main()
