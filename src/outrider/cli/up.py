"""`outrider up`."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import click
import structlog

from outrider.app.workspace_access import find_workspace, open_store
from outrider.app.workspace_service import WorkspaceService
from outrider.cli.echo import echo
from outrider.model import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping


@click.command(epilog="Example: outrider up --port 8710")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of the pages.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option("--no-pages", is_flag=True, help="Serve no pages.")
def up(host: str, port: int, *, no_pages: bool) -> int:
    """Run the checks by their schedule until SIGTERM or Ctrl-C; runs under way are then finished.

    A second one on the same store is a standby: it takes over when the first ends. Pages: / /healthz /readyz /metrics.
    """
    _log_as_lines()
    workspace = find_workspace()
    with open_store(workspace) as store:
        service = WorkspaceService(workspace, store, report_problem=lambda problem: echo(problem, err=True))
        if not no_pages:
            service.answer(host, port)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        service.serve()
    return 0


def _log_as_lines() -> None:
    """Write one line of JSON an event to stderr, or coloured text to a terminal."""
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _printable,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _printable(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return an event with what came from outside made printable: a terminal obeys escapes, and takes no surrogates."""
    return {name: printable(value) if isinstance(value, str) else value for name, value in event.items()}
