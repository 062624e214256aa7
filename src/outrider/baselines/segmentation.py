"""Split a series where its mean changes most.

Source: Kovacs, Buhlmann, Li, Munk, Seeded binary segmentation (2023), doi:10.1093/biomet/asac052.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from outrider.baselines.series import FloatArray, IntArray

_DECAY = 2**-0.5


class Layer(NamedTuple):
    """Intervals of one length."""

    length: int
    starts: IntArray


def seeded_intervals(count: int, shortest: int) -> list[Layer]:
    """Return overlapping intervals over `count` values: few long ones, many short ones, n log n in all.

    Args:
        count: Length of the series.
        shortest: Least length of either side of a split.
    """
    layers, length = [], float(count)
    while length >= 2 * shortest:
        whole = int(np.ceil(length))
        number = 2 * int(np.ceil(count / length)) - 1
        starts = np.unique(np.linspace(0, count - whole, number).astype(np.int64))
        layers.append(Layer(whole, starts))
        length *= _DECAY
    return layers


def gains(values: FloatArray, layer: Layer, shortest: int) -> tuple[IntArray, FloatArray]:
    """Return for each interval the best split and its CUSUM statistic, |difference of means| / sqrt(1/a + 1/b)."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    left = np.arange(shortest, layer.length - shortest + 1)
    right = layer.length - left
    begin, end = total[layer.starts][:, None], total[layer.starts + layer.length][:, None]
    middle = total[layer.starts[:, None] + left]
    gap = np.abs((end - middle) / right - (middle - begin) / left) * np.sqrt(left * right / layer.length)
    best = gap.argmax(axis=1)
    return layer.starts + left[best], gap[np.arange(len(best)), best]


def best_split(values: FloatArray, shortest: int) -> int:
    """Return the split of `values` whose two means differ most; at least `shortest` values lie on each side."""
    where, _ = gains(values, Layer(len(values), np.array([0])), shortest)
    return int(where[0])


def strongest_splits(values: FloatArray, layers: list[Layer], shortest: int, threshold: float) -> list[int]:
    """Return the splits above `threshold`, chosen greedily: the strongest first, then none whose interval holds it."""
    centred = values - values.mean()
    candidates = [gains(centred, layer, shortest) for layer in layers]
    where = np.concatenate([split for split, _ in candidates])
    gain = np.concatenate([size for _, size in candidates])
    begin = np.concatenate([layer.starts for layer in layers])
    end = np.concatenate([layer.starts + layer.length for layer in layers])
    alive, chosen = gain > threshold, list[int]()
    while alive.any():
        best = int(np.argmax(np.where(alive, gain, -1.0)))
        chosen.append(int(where[best]))
        alive &= ~((begin < where[best]) & (where[best] < end))
    return _apart(sorted(chosen), shortest, len(values))


def _apart(splits: list[int], shortest: int, count: int) -> list[int]:
    kept: list[int] = []
    for split in splits:
        if split - (kept[-1] if kept else 0) >= shortest and count - split >= shortest:
            kept.append(split)
    return kept
