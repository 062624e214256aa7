"""Score the judge of aggregates: calm on simulated services, and outages of the PetShop data. Prints one JSON object.

python -m benchmarks.detection.score_aggregates --series 40 --seed 1
python -m benchmarks.detection.score_aggregates --petshop FOLDER     (amazon-science/petshop-root-cause-analysis)

PetShop: each issue of latency follows the two quiet days, at once; it is caught by an alert in any row that ends after
its start. `false_per_series_day` is of its latency series with 320 values or more: the first 32 hours are learned
twice over, since the judge waits for two days, and the last 17 are judged.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.detection.aggregates import TRAFFIC, aggregate
from benchmarks.detection.latency import WEEK
from benchmarks.detection.score_detection import clock, episodes

from outrider.baselines import replay

if TYPE_CHECKING:
    from benchmarks.detection.latency import FloatArray
    from numpy.typing import NDArray

WEEKS = 5
LEARNED = 384
LEAST_VALUES = 320
Columns = dict[tuple[str, str, str], "FloatArray"]


def alerts(value: FloatArray) -> NDArray[np.bool_]:
    return np.asarray(replay(clock(len(value)), value, settings={"scale": "aggregate"}), dtype=bool)


def false_alerts(args: argparse.Namespace) -> dict[str, float]:
    """Return false alerts a week of simulated services, from the end of learning on."""
    weeks, rates = WEEKS - 2 / 7, {}
    for k, name in enumerate(TRAFFIC):
        series = (
            aggregate(np.random.default_rng([args.seed, 41, k, i]), WEEKS * WEEK, name) for i in range(args.series)
        )
        rates[name] = sum(episodes(alerts(value)) for value in series) / args.series / weeks
    return rates


def read_columns(path: Path) -> tuple[FloatArray, Columns]:
    """Return times and columns by name, metric and statistic."""
    with path.open() as file:
        rows = list(csv.reader(file))
    names = [tuple(name) for name in zip(*rows[:3], strict=True)]
    body = [row for row in rows[3:] if row[0] != "unix_timestamp"]
    table = np.array([[float(cell) if cell else np.nan for cell in row] for row in body])
    return table[:, 0], {(a, b, c): table[:, k] for k, (a, b, c) in enumerate(names)}


def petshop(folder: Path) -> dict[str, Any]:
    _, quiet = read_columns(folder / "noissue" / "metrics.csv")
    issues, caught, false, days = 0, 0, 0, 0.0
    for target_file in sorted(folder.glob("*/issue_*/target.json")):
        target = json.loads(target_file.read_text())["target"]
        if target["metric"] != "latency":
            continue
        at, columns = read_columns(target_file.parent / "metrics.csv")
        name = (target["node"], target["metric"], target["agg"])
        alerting = alerts(1000 * np.concatenate([quiet[name], columns[name]]))[-len(at) :]
        issues, caught = issues + 1, caught + bool(alerting[at + 300 > target["timestamp"]].any())
    for (_, metric, _), value in quiet.items():
        if metric == "latency" and np.isfinite(value).sum() >= LEAST_VALUES:
            past = value[:LEARNED]
            false += episodes(alerts(1000 * np.concatenate([past, past, value[LEARNED:]]))[2 * LEARNED :])
            days += (len(value) - LEARNED) / 288
    return {"issues": issues, "caught": caught, "series_days": days, "false_per_series_day": false / days}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=40, help="simulated series a kind, of five weeks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--petshop", type=Path, help="folder of the data; the simulation is left out then")
    given = parser.parse_args()
    print(json.dumps(petshop(given.petshop) if given.petshop else {"false_a_week": false_alerts(given)}, indent=1))
