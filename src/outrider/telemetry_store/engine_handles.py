"""chDB's handles in the engine's process: one that writes, and a fresh one for each read, a few at a time."""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import chdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_CODE = re.compile(r"Code: (\d+)\.")
_TOO_MANY_QUERIES = 202
_WAIT_S = 30.0


class EngineRefusal(Exception):
    """The engine refuses a statement; its text, with the number of ClickHouse's own error."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        match = _CODE.search(text)
        self.code = code if code is not None else int(match[1]) if match else 1001


class EngineHandles:
    """One opened folder, whose methods may be called from any thread.

    A process opens one folder only, and must not fork afterwards: a forked child that uses chDB never returns.

    Args:
        folder: Where the engine keeps its data; locked while it is open.
        memory_bytes: Above which a statement fails instead of the machine.
        readers: How many reads run at a time; others wait.
    """

    def __init__(self, folder: Path, *, memory_bytes: int, readers: int) -> None:
        self._address = f"{folder}?background_pool_size=1&max_server_memory_usage={memory_bytes}"
        self._writer = chdb.connect(self._address)
        self._writing = threading.Lock()
        self._readers = threading.BoundedSemaphore(readers)

    def read(self, sql: str, form: str, settings: Mapping[str, str], parameters: Mapping[str, str]) -> bytes:
        """Return the answer to a query in a format of ClickHouse.

        Raises:
            EngineRefusal: If the engine refuses it, or too many others run.
        """
        if not self._readers.acquire(timeout=_WAIT_S):
            raise EngineRefusal("Code: 202. Too many queries run at the same time; ask again later", _TOO_MANY_QUERIES)
        try:
            with _refusals():
                handle = chdb.connect(self._address)
                try:
                    return _asked(handle, sql, form, settings, parameters)
                finally:
                    handle.close()
        finally:
            self._readers.release()

    def execute(self, sql: str, form: str, settings: Mapping[str, str], parameters: Mapping[str, str]) -> bytes:
        """Run a statement that changes something; one at a time.

        Raises:
            EngineRefusal: If the engine refuses it.
        """
        with self._writing, _refusals():
            if not settings:
                return _asked(self._writer, sql, form, settings, parameters)
            handle = chdb.connect(self._address)  # the settings end with the handle
            try:
                return _asked(handle, sql, form, settings, parameters)
            finally:
                handle.close()

    def insert(self, into: str, form: str, settings: Mapping[str, str], data: bytes) -> None:
        """Insert rows in a format of ClickHouse, all or none of a batch; what returned survives `kill -9`.

        The engine reads them from a pipe: `send_insert` of chDB 4.4 reports success where storing fails, as on a full
        disk.

        Args:
            into: `INSERT INTO …`, without settings and format.
            form: Such as `Native`.
            settings: Of this insert.
            data: The rows.

        Raises:
            EngineRefusal: If the engine refuses statement or data.
        """
        given = ", ".join(f"{name} = {quoted(value)}" for name, value in settings.items())
        with self._writing, _refusals(), _pipe_of(data) as place:
            self._writer.query(f"{into} FROM INFILE {place}{' SETTINGS ' * bool(given)}{given} FORMAT {form}")

    def close(self) -> None:
        """Close the folder, once the statement that writes is over."""
        with self._writing:
            self._writer.close()


def _asked(
    handle: Any, sql: str, form: str, settings: Mapping[str, str], parameters: Mapping[str, str]
) -> bytes:  # chdb has no types
    if settings:
        handle.query(
            "SET " + ", ".join(f"{name} = {quoted(value)}" for name, value in settings.items()), "TabSeparated"
        )
    answer: bytes = handle.query(sql, form, params=dict(parameters)).bytes()
    return answer


@contextmanager
def _pipe_of(data: bytes) -> Iterator[str]:
    """Hand out a literal of the path at which data can be read once."""
    end, beginning = os.pipe()
    feeder = threading.Thread(target=_feed, args=(beginning, data))
    feeder.start()
    try:
        yield quoted(f"/dev/fd/{end}")
    finally:
        os.close(end)  # a feeder that is still writing ends
        feeder.join()


def _feed(beginning: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(beginning, "wb", buffering=0) as pipe:
        rest = memoryview(data)
        while rest:
            rest = rest[pipe.write(rest) :]


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except chdb.ChdbError as refusal:
        raise EngineRefusal(str(refusal)) from refusal


def quoted(text: str) -> str:
    """Return a literal of ClickHouse's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
