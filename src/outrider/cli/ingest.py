"""`outrider ingest`."""

from __future__ import annotations

import threading
from signal import SIGINT, SIGTERM

import click

from outrider.app import TelemetryService, find_workspace, open_store
from outrider.cli.log_lines import log_as_lines
from outrider.cli.signals import call_on_signals


@click.command(epilog="Example: outrider ingest")
def ingest() -> int:
    """Take, keep and prune telemetry by OTLP until stopped; [telemetry] of outrider.toml says where.

    Send it to the address that is printed: OTEL_EXPORTER_OTLP_ENDPOINT of OpenTelemetry's SDKs.
    """
    log_as_lines()
    stopping = threading.Event()
    call_on_signals({SIGTERM: stopping.set, SIGINT: stopping.set})
    workspace = find_workspace()
    with open_store(workspace, to_write=True) as store, TelemetryService(workspace, store) as service:
        click.echo(f"telemetry is taken at {service.address}")
        stopping.wait()
    return 0
