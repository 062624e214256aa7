"""`outrider worker`: measures for a server, in another place."""

from __future__ import annotations

import os
from pathlib import Path
from signal import SIGINT, SIGTERM

import click

from outrider.app import duration_s, open_worker
from outrider.cli.log_lines import log_as_lines
from outrider.cli.option_types import TypedValue
from outrider.cli.signals import call_on_signals


@click.command(
    epilog="Example: OUTRIDER_TOKEN=… outrider worker --location fra --server https://outrider.example",
)
@click.option("--location", required=True, help="Where this is, as the checks name it.")
@click.option("--server", default="", metavar="URL", help="Address of outrider up.")
@click.option(
    "--broker", default="", envvar="OUTRIDER_BROKER", metavar="URL",
    help="Address of the RabbitMQ that it uses, in its place; better in OUTRIDER_BROKER, since it has a password.",
)  # fmt: skip
@click.option("--name", default="", help="What the server calls this worker; the host's name if absent.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False),
    help="For results that wait, encrypted, and files of the workspace; below ~/.local/state if absent.",
)  # fmt: skip
@click.option(
    "--drain", "drain_s", type=TypedValue("duration", duration_s), default="60s", show_default=True,
    help="How long runs under way may take once it is to stop.",
)  # fmt: skip
def worker(location: str, server: str, broker: str, *, name: str, folder: Path | None, drain_s: float) -> None:
    """Measure the runs of a location for a server, until SIGTERM or Ctrl-C; runs under way are then finished.

    The token that `outrider location add` printed is in OUTRIDER_TOKEN. The worker asks the server over HTTPS, or takes
    orders from its broker, and nothing needs to reach it. It has a browser of its own, and no store.
    """
    log_as_lines()
    token = os.environ.get("OUTRIDER_TOKEN", "")
    with open_worker(server, token, location, broker=broker, name=name, folder=folder, drain_s=drain_s) as opened:
        call_on_signals({SIGTERM: opened.stop, SIGINT: opened.stop})
        opened.run()
