"""The machine as far as the search for a browser needs it: one protocol, and the real thing."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from outrider.model import tail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_KEPT_CHARACTERS = 20_000
_GRACE_S = 5.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended; `code` is None if it had to be stopped at its time limit, 127 if it could not be started."""

    code: int | None
    output: str


class System(Protocol):
    """What is asked of a machine; `platform` is one of "linux", "darwin", "win32"."""

    @property
    def platform(self) -> str:
        """Name the operating system as `sys.platform` does."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """Return the environment variables."""
        ...

    def home(self) -> str:
        """Return the user's home folder."""
        ...

    def which(self, name: str) -> str | None:
        """Return the path of a program on the search path."""
        ...

    def exists(self, path: str) -> bool:
        """Return whether `path` is a file that may be executed."""
        ...

    def is_root(self) -> bool:
        """Return whether packages may be installed."""
        ...

    def os_release(self) -> Mapping[str, str]:
        """Return the fields of os-release(5), empty where there is none."""
        ...

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float,
        on_progress: Callable[[str], None] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a program and its children for at most `timeout_s`, handing each line to `on_progress`; never raise."""
        ...


class Host:
    """The machine that we run on."""

    @property
    def platform(self) -> str:
        """Name the operating system as `sys.platform` does."""
        return sys.platform

    @property
    def environ(self) -> Mapping[str, str]:
        """Return the environment variables."""
        return os.environ

    def home(self) -> str:
        """Return the user's home folder."""
        return str(Path("~").expanduser())

    def which(self, name: str) -> str | None:
        """Return the path of a program on the search path."""
        return shutil.which(name)

    def exists(self, path: str) -> bool:
        """Return whether `path` is a file that may be executed."""
        return Path(path).is_file() and os.access(path, os.X_OK)

    def is_root(self) -> bool:
        """Return whether packages may be installed."""
        return hasattr(os, "geteuid") and os.geteuid() == 0

    def os_release(self) -> Mapping[str, str]:
        """Return the fields of os-release(5), empty where there is none."""
        try:
            return platform.freedesktop_os_release()
        except OSError:
            return {}

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float,
        on_progress: Callable[[str], None] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run a program and its children for at most `timeout_s`, handing each line to `on_progress`; never raise."""
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environ or {})},
                start_new_session=True,
            )
        except OSError as error:
            return Finished(127, str(error))
        lines: list[str] = []
        reader = threading.Thread(target=_drain, args=(process.stdout, lines, on_progress), daemon=True)
        reader.start()
        code = _wait(process, reader, timeout_s)
        reader.join(timeout=1)
        return Finished(code, tail("".join(lines), _KEPT_CHARACTERS))


def _drain(stream: IO[bytes] | None, lines: list[str], on_progress: Callable[[str], None] | None) -> None:
    if stream is None:
        return
    with stream:
        for raw in iter(lambda: stream.readline(_KEPT_CHARACTERS), b""):
            line = _COLOURS.sub("", raw.decode(errors="replace"))
            lines.append(line)
            if on_progress and line.strip():
                on_progress(line.strip())


def _wait(process: subprocess.Popen[bytes], reader: threading.Thread, timeout_s: float) -> int | None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(timeout_s)
    # A package manager that is killed outright leaves its database broken, so it is asked first. The end of its output
    # tells that it is gone; waiting for the process itself would free its id before the second signal.
    _signal_group(process, signal.SIGTERM)
    reader.join(min(_GRACE_S, timeout_s))
    _signal_group(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()
    return None


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the group that the program leads; it was started as leader of a session of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()
