"""Series are read out of the real Prometheus, and out of the real VictoriaMetrics."""

from __future__ import annotations

import shutil
import socket
import subprocess
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from tests.waiting import until

from outrider.model import SourceError, SourceKind, UsageError
from outrider.sources import OutsideSources, SourceAccess
from outrider.workspace import SourceSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGIN_S = 1_780_000_000
STEPS = 11_500  # more than Prometheus answers at once
ROWS = [
    f'shop_queue{{pod="{pod}"}} {value + at} {BEGIN_S + at}'
    for pod, value in (("a", 1), ("b", 100_000))
    for at in range(STEPS)
]


@contextmanager
def running(command: list[str], folder: Path, url: str) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)

    def answers() -> bool:
        with suppress(OSError), urllib.request.urlopen(url, timeout=10):
            return True
        return False

    try:
        until(answers, (folder / "log").read_text)
        yield
    finally:
        process.terminate()
        process.wait(60)


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def prometheus(folder: Path) -> Iterator[str]:
    """Start it with the rows as blocks on its disk."""
    address = free_address()
    (folder / "rows").write_text("\n".join(["# TYPE shop_queue gauge", *ROWS, "# EOF", ""]))
    made = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "rows", "tsdb"]
    subprocess.run(made, check=True, cwd=folder, capture_output=True)
    (folder / "prometheus.yml").write_text("")
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"]
    command += ["--storage.tsdb.retention.time=100y", f"--web.listen-address={address}"]
    with running(command, folder, f"http://{address}/-/ready"):
        yield f"http://{address}"


@contextmanager
def victoria_metrics(folder: Path) -> Iterator[str]:
    """Start it, and send it the rows."""
    address = free_address()
    command = ["victoria-metrics", "-storageDataPath=data", "-retentionPeriod=100y", f"-httpListenAddr={address}"]
    with running(command, folder, f"http://{address}/health"):
        rows = "\n".join(f"{row}000" for row in ROWS).encode()  # its times are milliseconds
        for path, body in (("/api/v1/import/prometheus", rows), ("/internal/force_flush", None)):
            urllib.request.urlopen(f"http://{address}{path}", body, timeout=60).close()
        yield f"http://{address}"


@pytest.fixture(scope="module", params=["prometheus", "victoria-metrics"])
def sources(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutsideSources]:
    """A server with two series of 11,500 points."""
    if shutil.which(request.param) is None:
        pytest.skip(f"needs Debian's {request.param}")
    serve = prometheus if request.param == "prometheus" else victoria_metrics
    with serve(tmp_path_factory.mktemp(request.param)) as url:
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
