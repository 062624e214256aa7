"""A histogram with logarithmic buckets: any quantile within 1 % of its value, and exact to merge.

The buckets are those of DDSketch (Masson, Rim, Lee, VLDB 2019, https://doi.org/10.14778/3352063.3352135): bucket i
holds the values above RATIO**(i-1) and up to RATIO**i, and has the value that is equally far from both, in
proportion to them.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RATIO = 1.02
LEAST = 1e-3
"""What is smaller counts as this much."""

BUCKET_VALUE = 2 / (RATIO + 1)
"""A bucket's value, as a share of the largest that falls into it."""

_PER_BUCKET = 1 / math.log(RATIO)


def bucket_of(value: float) -> int:
    """Return the number of the bucket that holds a finite value."""
    return math.ceil(math.log(max(value, LEAST)) * _PER_BUCKET)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often values fell into each bucket; those without any are not listed."""

    counts: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Iterable[float]) -> Histogram:
        """Return the histogram of finite values."""
        return cls(Counter(map(bucket_of, values)))

    @property
    def total(self) -> int:
        """How many values there are."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> float | None:
        """Return the smallest value that `share` (0 to 1) of all values do not exceed, within 1 %; None without any."""
        wanted = max(1, math.ceil(share * self.total))
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return BUCKET_VALUE * RATIO**bucket
        return None


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """Return the histogram of all values of all histograms."""
    counts: Counter[int] = Counter()
    for histogram in histograms:
        counts.update(histogram.counts)
    return Histogram(counts)
