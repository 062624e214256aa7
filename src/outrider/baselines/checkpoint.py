"""The state of a series as bytes, for the store."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from typing import Any

import numpy as np

from outrider.baselines.deviation import Deviation, Quantity
from outrider.baselines.expectation import Baseline
from outrider.baselines.judge_settings import Settings
from outrider.baselines.precedent import FormerLevel, Habit
from outrider.baselines.season import Cells, Season
from outrider.baselines.state import Episode, State
from outrider.baselines.statistics import COLUMNS, SCANS, WINDOWS, Part
from outrider.model import BadSeries

VERSION = 5
_MAGIC = b"ORBS"
_HEADER = struct.Struct("<4sHII")  # magic, version, bytes of JSON, CRC of all that follows
_PLAIN = ("next_fit", "fresh", "adopting", "started", "last_at", "backwards", "zone", "zone_of")


def dump(state: State) -> bytes:
    """Return a state as bytes; `load` gives an equal one."""
    from zlib import crc32  # noqa: PLC0415 - only where used

    arrays = [state.at.astype("<i8"), state.value.astype("<f8"), state.cells.index.astype("<i8"), state.cells.middle]
    meta = {name: getattr(state, name) for name in _PLAIN}
    meta |= {
        "settings": asdict(state.settings),
        "episode": asdict(state.episode) if state.episode else None,
        "baseline": _plain_baseline(state.baseline) if state.baseline else None,
        "former": [asdict(level) for level in state.former],
        "habits": [asdict(habit) for habit in state.habits],
        "lengths": [len(array) for array in arrays],
    }
    text = json.dumps(meta, separators=(",", ":")).encode()
    body = text + b"".join(array.tobytes() for array in arrays)
    return _HEADER.pack(_MAGIC, VERSION, len(text), crc32(body)) + body


def load(data: bytes) -> State:
    """Return the state that `dump` wrote.

    Raises:
        BadSeries: If the bytes are damaged or of another version; rebuild the state from stored samples then.
    """
    from zlib import crc32  # noqa: PLC0415 - only where used

    if len(data) < _HEADER.size or data[:4] != _MAGIC:
        raise _unreadable("is not a checkpoint of a baseline")
    _, version, length, checksum = _HEADER.unpack_from(data)
    if version != VERSION:
        raise _unreadable(f"has version {version}, this Outrider reads {VERSION}")
    body = data[_HEADER.size :]
    if crc32(body) != checksum:
        raise _unreadable("is damaged")
    try:
        return _state(json.loads(body[:length]), body[length:])
    except (ValueError, LookupError, TypeError) as error:
        raise _unreadable("is damaged") from error


def _unreadable(what: str) -> BadSeries:
    return BadSeries(f"the checkpoint {what}", slug="bad-checkpoint", fix="replay the stored samples to rebuild it")


def _state(meta: dict[str, Any], body: bytes) -> State:
    types, arrays, start = ("<i8", "<f8", "<i8", "<f8"), list[Any](), 0
    for kind, length in zip(types, meta["lengths"], strict=True):
        arrays.append(np.frombuffer(body, kind, length, start).astype(kind[1:]))
        start += 8 * length
    return State(
        settings=Settings.of(meta["settings"]),
        at=arrays[0],
        value=arrays[1],
        cells=Cells(arrays[2], arrays[3]),
        baseline=_baseline(meta["baseline"]) if meta["baseline"] else None,
        episode=_episode(meta["episode"]) if meta["episode"] else None,
        former=tuple(FormerLevel(**level) for level in meta["former"]),
        habits=tuple(Habit(**habit) for habit in meta["habits"]),
        **{name: meta[name] for name in _PLAIN},
    )


def _episode(plain: dict[str, Any]) -> Episode:
    deviation = plain["deviation"] | {"quantity": Quantity(plain["deviation"]["quantity"])}
    return Episode(**(plain | {"part": Part(plain["part"]), "deviation": Deviation(**deviation)}))


def _plain_baseline(baseline: Baseline) -> dict[str, Any]:
    arrays = ("shape", "mean", "spread", "limit", "low_limit", "quantiles")
    plain: dict[str, Any] = {name: getattr(baseline, name).tolist() for name in arrays}
    plain |= {name: getattr(baseline, name) for name in ("level", "sigma", "cadence_s", "floor")}
    return plain | {"daily": baseline.season.daily.tolist(), "weekend": baseline.season.weekend}


def _baseline(plain: dict[str, Any]) -> Baseline:
    season = Season(np.array(plain.pop("daily")), plain.pop("weekend"))
    numbers: dict[str, Any] = {k: np.array(v) if isinstance(v, list) else v for k, v in plain.items()}
    baseline = Baseline(season=season, **numbers)
    if baseline.spread.shape != (len(SCANS), len(WINDOWS)) or baseline.limit.shape != (len(COLUMNS),):
        raise _unreadable("was written by a judge with other parts")
    return baseline
