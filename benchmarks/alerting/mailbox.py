"""A real mail server that notes when each mail came, in a thread or in a process of its own."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import contextmanager
from email import message_from_bytes
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Mailbox:
    """Writes a line a mail: when it came, its Message-ID, topic, kind, recipients and subject."""

    def __init__(self, path: Path, takes_s: float = 0.0) -> None:
        self._path = path
        self._takes_s = takes_s

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Note a mail, then say yes after a while."""
        mail = message_from_bytes(envelope.content)
        received = {
            "at_s": time.time(),
            "id": mail["Message-ID"],
            "topic": mail["X-Outrider-Topic"],
            "kind": mail["X-Outrider-Kind"],
            "to": envelope.rcpt_tos,
            "subject": mail["Subject"],
        }
        with self._path.open("a") as file:
            file.write(json.dumps(received) + "\n")
        await asyncio.sleep(self._takes_s)
        return "250 OK"


def mails(path: Path) -> list[dict[str, Any]]:
    """Return what came so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def mailbox(path: Path, takes_s: float = 0.0) -> Iterator[str]:
    """Serve in a thread, and yield the server's address; to take a mail lasts so long."""
    port = free_port()
    controller = Controller(Mailbox(path, takes_s), hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


@contextmanager
def mailbox_apart(path: Path) -> Iterator[str]:
    """Serve in a process of its own, so that whoever asks for it may fork, and yield the server's address."""
    port = free_port()
    process = get_context("spawn").Process(target=_serve, args=(path, port), daemon=True)
    process.start()
    ends_s = time.monotonic() + 30
    while time.monotonic() < ends_s:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"smtp://127.0.0.1:{port}"
    process.kill()
    process.join()


def _serve(path: Path, port: int) -> None:
    Controller(Mailbox(path), hostname="127.0.0.1", port=port).start()
    while True:
        time.sleep(3600)
