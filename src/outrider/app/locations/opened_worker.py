"""The process of `outrider worker`: its folder, which one process has at a time, and what it works with."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outrider.app.access.requested_path import path_errors
from outrider.app.locations.location_client import HttpLink
from outrider.app.locations.location_registry import check_location_name
from outrider.app.locations.location_worker import LocationWorker
from outrider.app.locations.result_spool import ResultSpool
from outrider.app.locations.sealed_box import SPOOL, SealedBox, token_digest
from outrider.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from outrider.model import WorkerLink

_STATE: Final = "XDG_STATE_HOME"


def worker_folder(location: str) -> Path:
    """Return where a worker of a location keeps its spool and snapshots if nobody says where."""
    home = os.environ.get(_STATE) or Path.home() / ".local" / "state"
    return Path(home) / "outrider" / f"worker-{location}"


@contextmanager
def open_worker(
    server: str,
    token: str,
    location: str,
    *,
    broker: str = "",
    name: str = "",
    folder: Path | None = None,
    drain_s: float = 60.0,
) -> Iterator[LocationWorker]:
    """Open a worker; its folder is its alone until it is closed.

    Args:
        server: Address of `outrider up`; empty to go through a broker.
        token: As `outrider location add` printed it.
        location: Its location.
        broker: Address of the broker, with a user of the location; empty to go to the server itself.
        name: What the server calls it; the name of this host if empty.
        folder: For results that wait, encrypted, and for files of the workspace.
        drain_s: How long runs under way may take at its end.

    Raises:
        UsageError: bad-location, bad-server, invalid-token, missing-extra, worker-folder-taken, unwritable-file.
    """
    check_location_name(location)
    if not token:
        fix = f"on the server, outrider location add {location} prints it; set OUTRIDER_TOKEN to it"
        raise UsageError("a worker needs the token of its location", slug="invalid-token", fix=fix)
    folder = (folder or worker_folder(location)).absolute()
    with path_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = (folder / "lock").open("w")
    with opened as lock, ExitStack() as stack:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            what = f"another worker works in {folder}"
            raise UsageError(what, slug="worker-folder-taken", fix="give each its own: --folder DIR") from None
        with path_errors(folder):
            instance = _instance(folder)
            spool = ResultSpool(folder / "spool", SealedBox(token_digest(token), SPOOL))
        link = stack.enter_context(_link(server, broker, token, location, instance))
        yield LocationWorker(
            link, spool, location=location, name=name or socket.gethostname(), instance=instance,
            folder=folder / "snapshots", drain_s=drain_s,
        )  # fmt: skip


def _link(server: str, broker: str, token: str, location: str, instance: str) -> AbstractContextManager[WorkerLink]:
    if bool(server) == bool(broker):
        what = "a worker goes to a server or to a broker, and to one of them"
        fix = "write --server https://…, or --broker amqps://…, or set OUTRIDER_BROKER"
        raise UsageError(what, slug="bad-server", fix=fix)
    if server:
        return nullcontext(HttpLink(server, token, location, instance))
    from outrider.app.locations.broker_link import BrokerLink  # noqa: PLC0415 - brings Celery along

    return closing(BrokerLink(broker, token, location, instance))


def _instance(folder: Path) -> str:
    """Return what tells this worker from another one of its name, also after a restart."""
    file = folder / "instance"
    try:
        known = file.read_text().strip()
    except OSError:
        known = ""
    if not known:
        known = secrets.token_hex(8)
        file.write_text(known)
    return known
