"""The real Prometheus and the real VictoriaMetrics, as Debian packs them, with values that a test writes."""

from __future__ import annotations

import subprocess
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.listeners import free_port
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


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


@contextmanager
def prometheus(folder: Path, rows: Iterable[str]) -> Iterator[str]:
    """Start it with rows of OpenMetrics as blocks on its disk."""
    address = f"127.0.0.1:{free_port()}"
    (folder / "rows").write_text("\n".join([*rows, "# EOF", ""]))
    made = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "rows", "tsdb"]
    subprocess.run(made, check=True, cwd=folder, capture_output=True)
    (folder / "prometheus.yml").write_text("")
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"]
    command += ["--storage.tsdb.retention.time=100y", f"--web.listen-address={address}"]
    with running(command, folder, f"http://{address}/-/ready"):
        yield f"http://{address}"


@contextmanager
def victoria_metrics(folder: Path, rows: Iterable[str]) -> Iterator[str]:
    """Start it, and send it the rows."""
    address = f"127.0.0.1:{free_port()}"
    command = ["victoria-metrics", "-storageDataPath=data", "-retentionPeriod=100y", f"-httpListenAddr={address}"]
    with running(command, folder, f"http://{address}/health"):
        content = "\n".join(f"{row}000" for row in rows).encode()  # its times are milliseconds
        for path, body in (("/api/v1/import/prometheus", content), ("/internal/force_flush", None)):
            urllib.request.urlopen(f"http://{address}{path}", body, timeout=60).close()
        yield f"http://{address}"
