"""Series out of Prometheus and what answers as it does (VictoriaMetrics, Thanos, Mimir), by its HTTP API, version 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from outrider.model import LabelledSeries, printable
from outrider.sources.answer_values import as_ns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrider.sources.source_address import SourceAddress

_MOST_POINTS: Final = 10_000
"""Of one answer: Prometheus refuses 11,000."""

_QUOTED: Final = 160


class PrometheusSource:
    """A server of PromQL at an address, such as `http://prometheus:9090` or `https://mimir/prometheus`."""

    def __init__(self, address: SourceAddress) -> None:
        self._address = address

    def version(self) -> str:
        """Ask for the value of 1, and for the version."""
        answer = self._address.ask("/api/v1/query", [("query", "1")])
        if answer["status"] != "success":
            raise ValueError
        about = self._address.ask("/api/v1/status/buildinfo")
        return str(about["data"].get("version", "")) if about is not None else ""

    def series(self, query: str, since_s: float, until_s: float, every_s: float) -> tuple[LabelledSeries, ...]:
        """Return what a query comes to, in as many requests as the server's limit of points makes of it."""
        length_s = every_s * (_MOST_POINTS - 1)
        values: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
        begin_s, deadline_s = since_s, self._address.until_s()
        while begin_s <= until_s:
            for labels, points in self._range(query, begin_s, min(begin_s + length_s, until_s), every_s, deadline_s):
                values.setdefault(labels, []).extend(points)
            begin_s += length_s + every_s
        return tuple(
            LabelledSeries(dict(labels), tuple(at for at, _ in points), tuple(value for _, value in points))
            for labels, points in sorted(values.items())
            if points
        )

    def _range(
        self, query: str, since_s: float, until_s: float, every_s: float, deadline_s: float
    ) -> Iterator[tuple[tuple[tuple[str, str], ...], list[tuple[float, float]]]]:
        times = [("start", f"{since_s:.3f}"), ("end", f"{until_s:.3f}"), ("step", f"{every_s:g}")]
        answer = self._address.ask("/api/v1/query_range", [("query", query), *times], until_s=deadline_s)
        if answer is None or answer["data"]["resultType"] != "matrix":
            raise self._address.garbage("answers a query of series with something else")
        if why := _missing_part(answer):
            raise self._address.away(f"answers a part only: {why}")
        rows: Sequence[Mapping[str, Any]] = answer["data"]["result"]
        for row in rows:
            labels = tuple(sorted((str(key), str(value)) for key, value in row["metric"].items()))
            points = [(float(at), float(value)) for at, value in row.get("values") or ()]
            for at, _ in points[:1] + points[-1:]:
                as_ns(int(at * 1e9))
            yield labels, [(at, value) for at, value in points if math.isfinite(value)]


def _missing_part(answer: Mapping[str, Any]) -> str:
    """Return why an answer is not whole, as VictoriaMetrics, Thanos and remote storage say it; empty if it is.

    Prometheus itself warns of how a query is written, by a text that begins with PromQL.
    """
    if answer.get("isPartial"):
        return "isPartial"
    warnings = [str(warning) for warning in answer.get("warnings") or () if not str(warning).startswith("PromQL ")]
    return printable(warnings[0][:_QUOTED]) if warnings else ""
