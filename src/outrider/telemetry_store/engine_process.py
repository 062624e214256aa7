"""The engine's process, seen from who starts it: started, reached from any process, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import psutil

from outrider.model import TelemetryError, TelemetryUnavailable
from outrider.telemetry_store.engine_record import (
    DATA,
    EngineRecord,
    check_extra,
    check_format,
    read_record,
    remove_record,
    set_damaged_aside,
    write_record,
)

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_LOG = "engine.log"
_LOG_BYTES = 5_000_000
_START_S = 120.0
_STOP_S = 20.0
_TAIL = 600


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine runs.

    Attributes:
        folder: Where data, log and record lie; made if it is missing.
        memory_bytes: Above which a statement fails instead of the machine.
        readers: How many queries run at a time.
        nice: Added to its niceness: measurements on the same host go first.
    """

    folder: Path
    memory_bytes: int = 1_000_000_000
    readers: int = 3
    nice: int = 19


class EngineProcess:
    """chDB in a process of its own, which ends with this one; a context closes it.

    Raises:
        TelemetryError: missing-extra, telemetry-newer, telemetry-damaged, telemetry-read-only, telemetry-locked.
        TelemetryUnavailable: telemetry-start if it does not start for another reason.
    """

    def __init__(self, options: EngineOptions) -> None:
        check_extra()
        self.options = options
        self._folder = options.folder
        _prepare(options.folder)
        password = secrets.token_urlsafe(32)
        self._log_start = _size(options.folder / _LOG)
        self._process = _spawned(options, password)
        try:
            port = self._port()
            set_damaged_aside(options.folder)
            self.record = EngineRecord(self._process.pid, port, password)
            write_record(options.folder, self.record)
        except BaseException:
            self._kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it: what is being written is written, then the folder is free."""
        remove_record(self._folder, self.record)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)
        self._kill()

    def _port(self) -> int:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _START_S)
        line = self._process.stdout.readline() if ready else b""
        try:
            answer = json.loads(line)
        except ValueError:
            raise self._silent_end(is_late=not ready) from None
        if "problem" in answer:
            raise _refusal(self._folder, self._logged() or answer["problem"])
        port: int = answer["ready"]
        return port

    def _silent_end(self, *, is_late: bool) -> TelemetryError:
        self._kill()
        log = self._logged()
        if is_late:
            what = f"the telemetry engine did not start within {_START_S:.0f} s"
        else:
            what = f"the telemetry engine ended with code {self._process.returncode} while it opened {self._folder}"
        fix = f"see {self._folder / _LOG}" + (f": {log}" if log else "")
        return TelemetryUnavailable(what, slug="telemetry-start", fix=fix)

    def _logged(self) -> str:
        """Return the last line that this engine logged: where chDB says why it cannot open a folder."""
        with (self._folder / _LOG).open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:_TAIL] if lines else ""

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def running_engine(folder: Path) -> EngineRecord | None:
    """Return where a running engine serves a folder; None if none does."""
    record = read_record(folder)
    return record if record is not None and psutil.pid_exists(record.pid) else None


def _prepare(folder: Path) -> None:
    try:
        (folder / DATA).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        check_format(folder)
        log = folder / _LOG
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(folder / f"{_LOG}.1")
    except OSError as problem:
        raise _read_only(folder, problem.strerror or str(problem)) from None


def _read_only(folder: Path, reason: str) -> TelemetryError:
    fix = "let this user write there, or move it elsewhere"
    return TelemetryError(f"{folder} cannot be written: {reason}", slug="telemetry-read-only", fix=fix)


def _spawned(options: EngineOptions, password: str) -> subprocess.Popen[bytes]:
    settings = {
        "folder": str(options.folder / DATA), "memory_bytes": options.memory_bytes, "readers": options.readers,
        "nice": options.nice, "port": 0, "password": password,
    }  # fmt: skip
    with (options.folder / _LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "outrider.telemetry_store.engine_child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=options.folder,
            env={**os.environ, "TZ": "UTC"}, start_new_session=True,
        )  # fmt: skip
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.flush()
    return process


def _refusal(folder: Path, problem: str) -> TelemetryError:
    first = problem.splitlines()[0][:_TAIL]
    if "Cannot lock file" in problem:
        record = running_engine(folder)
        what = f"{folder} is open in another process" + (f", {record.pid}" if record else "")
        return TelemetryError(what, slug="telemetry-locked", fix="end that process, or name another folder")
    if any(sign in problem for sign in ("Permission denied", "Read-only file system", "errno: 13", "errno: 30")):
        return _read_only(folder, first)
    what = f"the telemetry engine cannot open {folder}: {first}"
    fix = "restore the folder from its backup, or move it away to begin with an empty one; checks are not affected"
    return TelemetryError(what, slug="telemetry-damaged", fix=fix)
