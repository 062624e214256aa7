"""What sources of PromQL know of the use of hosts, containers, runtimes, pools and queues during a load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outrider.causes.load_limits import UsedResource
from outrider.model import SourceError, series_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from outrider.model import LabelledSeries

    Ask = Callable[[str, float, float, float], Sequence[LabelledSeries]]
    """Returns what a query comes to from a time to another, every so many seconds."""

KNOWN_RESOURCES: Final[Mapping[str, str]] = {
    "CPU": '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle",$selector}[$every]))',
    "memory": "1 - node_memory_MemAvailable_bytes{$selector} / node_memory_MemTotal_bytes{$selector}",
    "container's CPU": (
        'sum by (namespace, pod, container) (rate(container_cpu_usage_seconds_total{container!="",$selector}[$every]))'
        " / sum by (namespace, pod, container) (container_spec_cpu_quota{$selector} / container_spec_cpu_period)"
    ),
    "container's memory": (
        'sum by (namespace, pod, container) (container_memory_working_set_bytes{container!="",$selector})'
        " / sum by (namespace, pod, container) (container_spec_memory_limit_bytes{$selector} > 0)"
    ),
    "Python's processor": "rate(process_cpu_seconds_total{$selector}[$every]) and on (instance, job) python_info",
    "JVM's heap": (
        'sum by (instance) (jvm_memory_used_bytes{area="heap",$selector})'
        ' / sum by (instance) (jvm_memory_max_bytes{area="heap",$selector} > 0)'
    ),
    "HikariCP": "hikaricp_connections_active{$selector} / hikaricp_connections_max",
    "threads of Tomcat": "tomcat_threads_busy_threads{$selector} / tomcat_threads_config_max_threads",
    "connections of Go": "go_sql_in_use_connections{$selector} / (go_sql_max_open_connections > 0)",
    "connections of PostgreSQL": (
        "sum by (instance) (pg_stat_activity_count{$selector}) / max by (instance) (pg_settings_max_connections)"
    ),
}
"""Shares of what there is, by the metrics of exporters and clients that are in common use."""

_SCRAPES: Final = "max(count_over_time(up[10m]))"
_SCRAPED_S: Final = 600.0
_USUAL_S: Final = 30.0
_SCRAPES_EACH: Final = 2  # a rate needs two values
_BEFORE_S: Final = 120.0
_MOST: Final = 50
_UNNAMED: Final = frozenset({"job", "endpoint", "prometheus", "service"})


@dataclass(frozen=True, slots=True)
class SourceUse:
    """What a source answered.

    Attributes:
        unread: Why it was not read, or not all of it; empty if it was.
    """

    resources: tuple[UsedResource, ...] = ()
    unread: str = ""


def source_use(ask: Ask, queries: Mapping[str, str], selector: str, since_s: float, until_s: float) -> SourceUse:
    """Return what a source knows of the use of resources in a time; the fifty that were used most.

    A value is of the time since the one before, two scrapes long, so that a rate mixes no two of them.

    Args:
        ask: Of the source.
        queries: Of shares of what there is, by what they are of; `$every` is that length, `$selector` more labels.
        selector: What stands for `$selector`.
        since_s: When the load began, seconds since 1970.
        until_s: When it ended.
    """
    resources: list[UsedResource] = []
    try:
        every_s = _every_s(ask(_SCRAPES, until_s, until_s, _SCRAPED_S))
        for name, query in queries.items():
            written = query.replace("$every", f"{every_s:.0f}s").replace("$selector", selector)
            resources += _used(name, ask(written, since_s - _BEFORE_S, until_s, every_s))
    except SourceError as error:
        return SourceUse(unread=error.what)
    resources.sort(key=lambda own: -float(own.use.max()))
    left_out = len(resources) - _MOST
    unread = f"{left_out} more resources than {_MOST}; name those of the load with selector" if left_out > 0 else ""
    return SourceUse(tuple(resources[:_MOST]), unread)


def _every_s(scrapes: Sequence[LabelledSeries]) -> float:
    most = max((value for own in scrapes for value in own.values), default=0.0)
    return math.ceil(_SCRAPES_EACH * _SCRAPED_S / most) if most >= _SCRAPES_EACH else _USUAL_S


def _used(name: str, answered: Sequence[LabelledSeries]) -> Iterator[UsedResource]:
    for own, where in zip(answered, _places(answered), strict=True):
        title = f"{name} of {where}" if where else name
        yield UsedResource(title, 1.0, np.array(own.at_s), np.array(own.values))


def _places(answered: Sequence[LabelledSeries]) -> list[str]:
    """Return where each is: the only label's value, or all labels."""
    kept = [
        {key: value for key, value in own.labels.items() if key not in _UNNAMED and key != "__name__"}
        for own in answered
    ]
    places = ["".join(labels.values()) for labels in kept]
    is_plain = all(len(labels) <= 1 for labels in kept) and len(set(places)) == len(places)
    return places if is_plain else series_names(answered)
