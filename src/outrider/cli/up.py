"""`outrider up`."""

from __future__ import annotations

import signal

import click

from outrider.app.workspace_access import find_workspace, open_store
from outrider.app.workspace_service import WorkspaceService
from outrider.cli.echo import echo
from outrider.cli.log_lines import log_as_lines


@click.command(epilog="Example: outrider up --port 8710")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of the pages.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--no-pages", is_flag=True, help="Serve no pages.")
def up(host: str, port: int, *, no_pages: bool) -> int:
    """Run the checks by their schedule until SIGTERM or Ctrl-C; runs under way are then finished.

    A second one on the same store is a standby: it takes over when the first ends. Pages: / /healthz /readyz /metrics.
    """
    log_as_lines()
    workspace = find_workspace()
    with open_store(workspace) as store:
        service = WorkspaceService(workspace, store, report_problem=lambda problem: echo(problem, err=True))
        if not no_pages:
            service.answer(host, port)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        service.serve()
    return 0
