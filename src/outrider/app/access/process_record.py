"""A file that says which processes of `outrider up` run, for commands beside it; a file a supervisor."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import psutil
import structlog

from outrider.model import ProcessView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = structlog.get_logger("outrider.service")

_FOLDER = "processes"


class ProcessRecord:
    """The file of this process, below a workspace's state folder; removed by `close`."""

    def __init__(self, state: Path) -> None:
        self._path = state / _FOLDER / f"{os.getpid()}.json"

    def write(self, processes: tuple[ProcessView, ...]) -> None:
        """Replace what it says; a disk that takes nothing leaves it as it is."""
        values = {"began": _began(os.getpid()), "processes": [asdict(process) for process in processes]}
        draft = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(values), encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            log.warning("processes.unrecorded", why=error.strerror)

    def close(self) -> None:
        """Remove it, and those that supervisors left which were killed."""
        for path in _records(self._path.parent):
            if path == self._path or _read(path) is None:
                with suppress(OSError):
                    path.unlink()


def supervised_processes(state: Path) -> tuple[ProcessView, ...]:
    """Return the processes of each `outrider up` that runs on this host, by the workspace's state folder."""
    return tuple(process for path in _records(state / _FOLDER) for process in _read(path) or ())


def _records(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _read(path: Path) -> tuple[ProcessView, ...] | None:
    """Return what a file says; None if its supervisor has ended."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        supervisor = int(path.stem)
        if values["began"] != _began(supervisor):
            return None
        return tuple(_views(values["processes"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _views(processes: list[dict[str, Any]]) -> Iterator[ProcessView]:
    for values in processes:
        yield ProcessView(**values)


def _began(process: int) -> str:
    try:
        running = psutil.Process(process)
        return "ended" if running.status() == psutil.STATUS_ZOMBIE else f"{running.create_time():.2f}"
    except psutil.Error:
        return "ended"
