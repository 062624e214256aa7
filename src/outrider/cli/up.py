"""`outrider up`."""

from __future__ import annotations

import sys
from signal import SIGHUP, SIGINT, SIGTERM

import click

from outrider.app.processes.child_table import ServiceOptions, ServiceRole
from outrider.app.processes.supervised_service import supervised_service
from outrider.cli.log_lines import log_as_lines
from outrider.cli.signals import call_on_signals

_COMMAND = (sys.executable, "-P", "-m", "outrider.cli.service_child")


@click.command(epilog="Example: outrider up --port 8710")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of the pages.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--no-pages", is_flag=True, help="Serve no pages.")
@click.option(
    "--role", type=click.Choice([role.value for role in ServiceRole]), default=ServiceRole.ALL.value, show_default=True,
    help="The part of the work that it takes, beside others on the same store.",
)  # fmt: skip
def up(host: str, port: int, *, no_pages: bool, role: str) -> int:
    """Run the checks by their schedule until SIGTERM or Ctrl-C; runs under way are then finished.

    The scheduler and the pages are processes of their own; one that dies is started again. SIGHUP looks at once
    whether the workspace has changed. A second one on the same store is a standby: it takes over when the first ends.
    Pages: / /healthz /readyz /metrics.

    Services with one store in PostgreSQL may share the work: `web` serves pages and the API, `scheduler` runs checks
    and sends alerts, `ingest` takes telemetry and errors.
    """
    if no_pages and role == ServiceRole.WEB:
        raise click.UsageError("--role web serves pages: leave out --no-pages")
    log_as_lines()
    options = ServiceOptions(host, port, not no_pages, role=ServiceRole(role))
    with supervised_service(_COMMAND, options) as supervisor:
        # A terminal that is closed sends SIGHUP, too: then nobody is left who would stop the service.
        hung_up = supervisor.stop if sys.stderr.isatty() else supervisor.reload
        call_on_signals({SIGTERM: supervisor.stop, SIGINT: supervisor.stop, SIGHUP: hung_up})
        return supervisor.run()
