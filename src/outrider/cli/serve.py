"""`outrider serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from outrider.app import find_workspace, open_store, serve_heartbeats
from outrider.cli.echo import echo
from outrider.cli.log_lines import log_as_lines
from outrider.model import counted

if TYPE_CHECKING:
    from outrider.model import OutriderError


@click.command(epilog="Example: outrider serve --host 0.0.0.0 --port 8710")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
def serve(host: str, port: int) -> int:
    """Serve the HTTP calls of heartbeats, without running checks.

    A job calls http://HOST:PORT/heartbeat/TOKEN or http://HOST:PORT/ping/KEY/NAME when it ends, followed by /start when
    it starts, and by /CODE if it may fail.
    """
    log_as_lines()
    workspace = find_workspace()
    with open_store(workspace) as store:
        serve_heartbeats(workspace, store, host=host, port=port, ready=_print_address, report_problem=_report)
    return 0


def _report(problem: OutriderError) -> None:
    echo(problem, err=True)


def _print_address(address: str, heartbeats: int) -> None:
    click.echo(f"listening at {address}, {counted(heartbeats, 'heartbeat')}")
