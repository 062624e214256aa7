"""`outrider ingest`."""

from __future__ import annotations

import signal
import threading

import click

from outrider.app import TelemetryService, find_workspace, open_store
from outrider.cli.log_lines import log_as_lines


@click.command(epilog="Example: outrider ingest")
def ingest() -> int:
    """Take, keep and prune telemetry by OTLP until stopped; [telemetry] of outrider.toml says where.

    Send it to the address that is printed: OTEL_EXPORTER_OTLP_ENDPOINT of OpenTelemetry's SDKs.
    """
    log_as_lines()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    workspace = find_workspace()
    with open_store(workspace, to_write=True) as store, TelemetryService(workspace, store) as service:
        click.echo(f"telemetry is taken at {service.address}")
        stopping.wait()
    return 0
