"""What is read from where people keep telemetry already: other servers of traces, logs and series."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_METRIC: Final = "__name__"
_MOST_CHARACTERS: Final = 200
_CUT: Final = re.compile(r" [0-9a-f]{8}$")
_LABEL: Final = re.compile(r'([^\s=",]+)=("(?:[^"\\]|\\.)*"|(?!")(?:(?!, ).)*)(?:, |$)', re.DOTALL)


class SourceKind(StrEnum):
    """Whose API a source speaks."""

    JAEGER = "jaeger"
    TEMPO = "tempo"
    LOKI = "loki"
    ELASTICSEARCH = "elasticsearch"
    PROMETHEUS = "prometheus"
    SENTRY = "sentry"


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source answers, or answered last.

    Attributes:
        url: Its base address.
        took_ms: How long its answer took; None if it did not answer as it should.
        version: What it says of itself; empty if it says nothing.
        problem: What is wrong; empty if nothing is.
        fix: What to do about it.
    """

    name: str
    kind: SourceKind
    url: str
    took_ms: float | None = None
    version: str = ""
    problem: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class LabelledSeries:
    """Values of a series over time.

    Attributes:
        labels: What tells it apart; `__name__` is the metric's.
        at_s: Seconds since 1970, ascending.
        values: One for each time; finite.
    """

    labels: Mapping[str, str]
    at_s: tuple[float, ...]
    values: tuple[float, ...]


def series_names(series: Sequence[LabelledSeries]) -> list[str]:
    """Return what tells series apart, such as `pod=a, zone=b`; empty where one has no labels."""
    has_metrics = len({own.labels.get(_METRIC, "") for own in series}) > 1
    names = []
    for own in series:
        shown = {key: value for key, value in own.labels.items() if key != _METRIC or has_metrics}
        name = ", ".join(f"{key}={_shown(value)}" for key, value in sorted(shown.items()))
        is_long = len(name) > _MOST_CHARACTERS
        names.append(f"{name[: _MOST_CHARACTERS - 9]} {crc32(name.encode()):08x}" if is_long else name)
    return names


def _shown(value: str) -> str:
    """Return a label's value as names of series have it: quoted where it would not end where it seems to."""
    return json.dumps(value, ensure_ascii=False) if value.startswith('"') or ", " in value else value


def labels_of_name(name: str) -> dict[str, str]:
    """Return the labels that a name of `series_names` tells; those that are cut off are left out."""
    is_cut = len(name) == _MOST_CHARACTERS and _CUT.search(name)
    text = _CUT.sub("", name).rpartition(", ")[0] if is_cut else name
    labels: dict[str, str] = {}
    while text and (label := _LABEL.match(text)):
        key, value = label.groups()
        labels[key] = json.loads(value) if value.startswith('"') else value
        text = text[label.end() :]
    return labels


def different_labels(series: Sequence[LabelledSeries]) -> tuple[str, ...]:
    """Return the labels in which series of one answer differ, by name."""
    keys = sorted({key for own in series for key in own.labels})
    return tuple(key for key in keys if len({own.labels.get(key, "") for own in series}) > 1)


@dataclass(frozen=True, slots=True)
class OutsideError:
    """An error as another tracker of errors keeps it.

    Attributes:
        title: Its kind and message.
        project: Which sent it.
        issue: What people call its issue there, such as `SHOP-4F`.
        trace_id: Empty if it names none.
        url: Of its page there.
    """

    id: str
    at_us: int
    title: str
    project: str
    issue: str
    trace_id: str
    level: str
    release: str
    url: str
