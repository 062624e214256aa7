"""What the OpenTelemetry Collector sends is kept, where `OUTRIDER_TEST_OTELCOL` is the path of its program."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.waiting import until

from outrider.model import LogRecord
from outrider.server.http_server import Background, listen
from outrider.server.ingest_routes import ingest_application
from outrider.telemetry import AttributeReader, Intake, Spool, read_segment

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = os.environ.get("OUTRIDER_TEST_OTELCOL", "")
CONFIGURATION = """
receivers:
  filelog: {{include: ["{file}"], start_at: beginning, resource: {{service.name: shop}}}}
processors:
  memory_limiter: {{check_interval: 1s, limit_mib: 200}}
  batch: {{timeout: 100ms}}
exporters:
  otlphttp: {{endpoint: "http://{address}", retry_on_failure: {{initial_interval: 200ms, max_interval: 500ms}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    logs: {{receivers: [filelog], processors: [memory_limiter, batch], exporters: [otlphttp]}}
"""


@pytest.mark.skipif(not PROGRAM, reason="OUTRIDER_TEST_OTELCOL names no program")
def test_what_the_collector_sends_is_kept_once_there_is_somebody_to_take_it(tmp_path: Path) -> None:
    """Lines of a file through its batches, compressed; while nobody listens it tries again."""
    lines = [f"order {number} créé" for number in range(500)]
    (tmp_path / "shop.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    spool, listener = Spool(tmp_path / "spool", 10_000_000), listen("127.0.0.1", 0)
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    configuration = tmp_path / "collector.yaml"
    configuration.write_text(CONFIGURATION.format(file=tmp_path / "shop.log", address=address))

    with (tmp_path / "said").open("w") as said:
        collector = subprocess.Popen([PROGRAM, "--config", str(configuration)], stdout=said, stderr=said)
    server = None
    try:
        until(lambda: "Exporting failed. Will retry" in (tmp_path / "said").read_text())
        again = listen("127.0.0.1", int(address.rpartition(":")[2]))
        server = Background(ingest_application(Intake(spool, AttributeReader()), lambda _: "here"), again)
        until(lambda: len(records(spool)) >= len(lines))
    finally:
        collector.terminate()
        collector.wait(10)
        if server is not None:
            server.close()

    kept = records(spool)
    assert sorted(record.body for record in kept) == sorted(lines)
    assert {record.service for record in kept} == {"shop"}
    assert {record.attributes["log.file.name"] for record in kept} == {"shop.log"}


def records(spool: Spool) -> list[LogRecord]:
    """Return the log records that are kept."""
    segments = [read_segment(segment)[1] for segment in spool.sealed()]
    return [record for segment in segments for record in segment if isinstance(record, LogRecord)]
