"""`outrider serve`."""

from __future__ import annotations

import os
import time

import click

from outrider.app.runtime import open_store, probes_of, workspace_here
from outrider.model import ConfigErrors
from outrider.server import application, listen
from outrider.server import serve as serve_application
from outrider.workspace import resolve_secrets


@click.command(epilog="Example: outrider serve --host 0.0.0.0 --port 8710")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one.")
def serve(host: str, port: int) -> int:
    """Answer over HTTP: the calls that heartbeats wait for.

    A job calls http://HOST:PORT/heartbeat/TOKEN when it is done, with ?exit=CODE if it may fail.
    """
    workspace = workspace_here()
    catalogue = probes_of(workspace, resolve_secrets(workspace, os.environ))
    if catalogue.problems:
        raise ConfigErrors(catalogue.problems)
    with open_store(workspace) as store, listen(host, port) as listener:
        store.checks.record(catalogue.checks, _now_us())
        address = listener.getsockname()
        count = len(catalogue.tokens)

        def ready() -> None:
            shown = f"[{host}]" if ":" in host else host
            click.echo(f"listening at http://{shown}:{address[1]}, {count} heartbeat{'' if count == 1 else 's'}")

        serve_application(application(store.heartbeats, catalogue.tokens, _now_us), listener, ready)
    return 0


def _now_us() -> int:
    return time.time_ns() // 1000
