"""Series are read out of the real Prometheus, and out of the real VictoriaMetrics."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from outrider.model import SourceError, SourceKind, UsageError
from outrider.sources import OutsideSources, SourceAccess
from outrider.workspace import SourceSettings

from .servers import prometheus, victoria_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN_S = 1_780_000_000
STEPS = 11_500  # more than Prometheus answers at once
ROWS = [
    f'shop_queue{{pod="{pod}"}} {value + at} {BEGIN_S + at}'
    for pod, value in (("a", 1), ("b", 100_000))
    for at in range(STEPS)
]


@pytest.fixture(scope="module", params=["prometheus", "victoria-metrics"])
def sources(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutsideSources]:
    """A server with two series of 11,500 points."""
    if shutil.which(request.param) is None:
        pytest.skip(f"needs Debian's {request.param}")
    serve = prometheus if request.param == "prometheus" else victoria_metrics
    with serve(tmp_path_factory.mktemp(request.param), ROWS) as url:
        yield OutsideSources([SourceAccess(SourceSettings("metrics", SourceKind.PROMETHEUS, url, timeout_s=30))])


def test_it_says_its_version(sources: OutsideSources) -> None:
    """It answers a query, too; Debian's VictoriaMetrics keeps its version to itself."""
    state = sources.check()[0]

    assert (state.problem, state.took_ms is None) == ("", False)
    assert state.version[:2] in {"2.", "3.", ""}


def test_series_are_read_step_by_step(sources: OutsideSources) -> None:
    """All of a long time, in more than one answer; times without a value are left out."""
    last_s = BEGIN_S + STEPS - 1

    first, second = sources.series("shop_queue", BEGIN_S, last_s, 1)
    none = sources.series("shop_queue / 0 > 0 or absent(nothing) / 0", BEGIN_S, BEGIN_S + 60, 60)
    sums = sources.series("sum(shop_queue)", BEGIN_S, BEGIN_S + 2, 1, source="metrics")

    assert [own.labels for own in (first, second)] == [{"__name__": "shop_queue", "pod": pod} for pod in "ab"]
    assert first.at_s == tuple(float(BEGIN_S + at) for at in range(STEPS))
    assert (first.values[0], first.values[-1]) == (1.0, float(STEPS))
    assert second.values[1] == 100_001.0
    assert none == ()
    assert [(own.labels, own.values) for own in sums] == [({}, (100_001.0, 100_003.0, 100_005.0))]


def test_a_wrong_query_is_the_askers_alone(sources: OutsideSources) -> None:
    """It says what is wrong, and the source is asked on."""
    with pytest.raises(SourceError, match=r"metrics refuses the query: \w") as error:
        sources.series("sum(shop_queue", BEGIN_S, BEGIN_S + 60, 60)
    with pytest.raises(UsageError, match="no source of PromQL is called 'other'"):
        sources.series("1", BEGIN_S, BEGIN_S + 60, 60, source="other")

    assert error.value.slug == "source-query"
    assert sources.series("sum(shop_queue)", BEGIN_S, BEGIN_S, 60)[0].values == (100_001.0,)
