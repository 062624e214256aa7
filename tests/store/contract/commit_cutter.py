"""A proxy before PostgreSQL that cuts connections amid a commit."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from select import select
from typing import TYPE_CHECKING

from sqlalchemy import make_url

if TYPE_CHECKING:
    from pathlib import Path


class CommitCutter:
    """Stands before a server, and cuts the connection on which the next COMMIT comes, before or after handing it on.

    Args:
        folder: Of its socket.
        url: Of a database of the server.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self._target = make_url(url)
        self._cuts, self._stays_away, self._words = "", False, b""
        self.is_away = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/.s.PGSQL.5432")
        self._listener.listen()
        self.url = self._target.set(host=None, port=None, query={"host": str(folder)}).render_as_string(
            hide_password=False
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, when: str) -> None:
        """Cut "before" the server has the next COMMIT, or "after" it has answered."""
        self._cuts, self._stays_away, self._words = when, False, b""

    def go_away(self, when: str, words: str) -> None:
        """Cut at the COMMIT of a transaction whose statements have these words, and hand on nothing from then on.

        Its answer is handed on where `when` is "answered".
        """
        self._cuts, self._stays_away, self._words = when, True, words.encode()

    def come_back(self) -> None:
        """Hand on everything again."""
        self.is_away = False

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client, self._connected()], daemon=True).start()

    def _connected(self) -> socket.socket:
        folder = self._target.query.get("host")
        if folder is None:
            return socket.create_connection((self._target.host, self._target.port or 5432))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{folder}/.s.PGSQL.5432")
        return server

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        has_words = False
        with client, server, suppress(OSError):
            while readable := select([client, server], [], [])[0]:
                for source in readable:
                    piece = source.recv(1 << 16)
                    has_words |= self._words in piece
                    when = self._cuts if source is client and b"COMMIT" in piece and has_words else ""
                    has_words &= b"COMMIT" not in piece
                    if when:
                        self._cuts, self.is_away = "", self._stays_away and when == "before"
                    if not piece or self.is_away or when == "before":
                        return
                    (server if source is client else client).sendall(piece)
                    if when:
                        answer = server.recv(1 << 16)
                        self.is_away = self._stays_away
                        if when == "answered":
                            client.sendall(answer)
                        return
