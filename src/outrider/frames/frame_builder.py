"""Columns of stored rows as one DataFrame: times in a zone, words as categories, units in names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Array = np.ndarray[tuple[int], np.dtype[Any]]

_WORDS = frozenset(
    {
        "run",
        "check",
        "step",
        "metric",
        "environment",
        "location",
        "release",
        "browser",
        "host",
        "outcome",
        "endpoint",
        "problem",
        "severity",
        "phase",
    }
)
_TEXTS = frozenset({"incident", "acknowledged_by", "reason", "title", "parent", "error"})
_INTEGERS = frozenset({"attempt", "users", "workers", "requests", "failures", "count", "check_count", "due_count"})
_NO_TIME = np.iinfo(np.int64).min
"""What numpy takes for no time."""

_MS_OF_US = {"offset_us": "offset_ms", "duration_us": "duration_ms"}
_AT_OF_US = {
    "due_us": "due_at",
    "started_us": "started_at",
    "begin_us": "begin_at",
    "at_us": "at",
    "ended_us": "ended_at",
}


class FrameBuilder:
    """Collects batches of columns and makes a DataFrame of them; each batch is kept as arrays.

    Args:
        zone: An IANA time zone, that of the index.
        columns: All columns in order; the first holds microseconds UTC and becomes the index.
    """

    def __init__(self, zone: str, columns: Sequence[str]) -> None:
        self._zone = zone
        self._columns = columns
        self._arrays: dict[str, list[Array]] = {}
        self._codes: dict[str, dict[object, int]] = {}
        self.rows = 0
        """How many rows were added since the last frame."""
        self._begin()

    def _begin(self) -> None:
        self._arrays = defaultdict(list)
        self._codes = defaultdict(dict)
        self.rows = 0

    def add(self, batch: Mapping[str, Sequence[object]]) -> None:
        """Add the rows of a batch; a word is kept once, whatever the number of its rows."""
        for name in self._columns:
            self._arrays[name].append(self._array(name, batch[name]))
        self.rows += len(batch[self._columns[0]])

    def frame(self) -> pd.DataFrame:
        """Return what was added, and begin anew; without rows an empty frame of the right columns."""
        first, *others = self._columns
        columns = {_MS_OF_US.get(name, _AT_OF_US.get(name, name)): self._column(name) for name in others}
        frame = pd.DataFrame(columns, index=pd.DatetimeIndex(self._column(first), name=_AT_OF_US[first]))
        self._begin()
        return frame

    def _array(self, name: str, values: Sequence[object]) -> Array:
        if name in _WORDS:
            codes = self._codes[name]
            return np.array([codes.setdefault(word, len(codes)) for word in values], np.int32)
        if name in _TEXTS:
            return np.array(["" if text is None else text for text in values], object)
        if name == "measured":
            return np.array(values, np.bool_)
        if name in _AT_OF_US:
            return np.array([_NO_TIME if at_us is None else at_us for at_us in values], np.int64)
        if name in _INTEGERS:
            return np.array(values, np.int64)
        return np.array(values, np.float64)

    def _column(self, name: str) -> Any:
        values = np.concatenate(self._arrays[name] or [self._array(name, [])])
        if name in _WORDS:
            words = pd.Index([str(word) for word in self._codes[name]], dtype="str")
            return pd.Categorical.from_codes(values, categories=words)
        if name in _TEXTS:
            return pd.array(values, dtype="str")
        if name in _AT_OF_US:
            return pd.DatetimeIndex(values.astype("datetime64[us]")).tz_localize("UTC").tz_convert(self._zone)
        return values / 1000 if name in _MS_OF_US else values
