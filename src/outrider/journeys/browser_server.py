"""One browser for many runs: Playwright's own browser server, which each run joins in a few milliseconds.

The server is a child of a small shell that reads our pipe. When we end, however we end, the pipe closes, and the shell
ends the server, which ends the browser; `kill -9` of Outrider therefore leaves no browser behind.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self
from urllib.parse import urlsplit

from outrider.journeys.browser_candidates import BrowserKind
from outrider.journeys.driver import installed_driver
from outrider.journeys.processes import VARIABLE, Mark, Process, find_marked, kill_marked, new_mark, parse_mark
from outrider.journeys.shim import environment
from outrider.journeys.socket_path import SHORT_FOLDER, fits_socket
from outrider.model import BrowserError, tail
from outrider.workspace import measured_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.journeys.browser import Browser

# $1: folder to remove; the rest: the server. `read` is a builtin, so nothing but the shell itself waits. The shell lets
# go of our pipe for output, so that its end means that the server ended. It signals its own group and
# nothing else: by then the number of a server that died earlier may be a stranger's.
_KEEPER = """
folder=$1; shift
"$@" < /dev/null & server=$!
exec > /dev/null 2>&1
while read -r _; do :; done
trap '' TERM
kill -TERM 0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 $server 2> /dev/null || break
    sleep 0.05
done
rm -rf "$folder"
kill -KILL 0
"""
_TEMPORARY = "tmp"
_LOG_LINES = 200
_LINE_BYTES = 4096
_SHOWN = 2_000  # characters of the log


class BrowserServer:
    """A browser that runs until `stop` or `kill`, or until this process ends.

    Args:
        browser: What to run.
        folder: Ours alone; holds `tmp`, which is gone afterwards, and `traces`, which stays.
        mark: Under which its processes are found; that of a claimed folder, or a new one, if absent.
        headless: Whether it shows no window.
        environ: Its environment; what of this process's own reaches a measured run if absent.
    """

    def __init__(
        self,
        browser: Browser,
        folder: Path,
        *,
        mark: Mark | None = None,
        environ: Mapping[str, str] | None = None,
        headless: bool = True,
    ) -> None:
        self.mark = mark or (Mark(folder.name) if parse_mark(folder.name) else new_mark())
        self.traces = folder / "traces"
        self._browser = browser
        self._environment = measured_environment(os.environ) if environ is None else environ
        self._folder = folder
        self._headless = headless
        self._temporary = folder / _TEMPORARY
        self._keeper: subprocess.Popen[bytes] | None = None
        self._endpoint = ""
        self._log: deque[str] = deque(maxlen=_LOG_LINES)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """The address for `BrowserType.connect`; empty unless started."""
        return self._endpoint

    @property
    def log(self) -> str:
        """The last lines that the server printed."""
        return "".join(self._log)

    def start(self, timeout_s: float = 30.0) -> str:
        """Start the server and return its endpoint.

        Raises:
            BrowserError: If it does not come up in time; nothing of it is left then.
        """
        if self._keeper is not None:
            return self._endpoint
        driver = installed_driver()
        for folder in (self._folder / _TEMPORARY, self.traces):
            folder.mkdir(parents=True, exist_ok=True)
        self._temporary = temporary = self._short_folder()
        config = self._folder / "server.json"
        config.write_text(json.dumps(self._options()), encoding="utf-8")
        command = [driver.node, driver.cli, "launch-server", "--browser", "chromium", "--config", str(config)]
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "outrider-browser", str(temporary), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environ(temporary),
            start_new_session=True,
        )
        self._endpoint = self._await_endpoint(timeout_s)
        return self._endpoint

    def stop(self, timeout_s: float = 3.0) -> None:
        """Let the browser close by itself, then kill what is left."""
        if self._keeper is not None and self._keeper.stdin is not None:
            with contextlib.suppress(OSError):
                self._keeper.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._keeper.wait(timeout_s)
        self.kill()

    def kill(self) -> None:
        """Kill every process of the server and remove its temporary folder; safe to call at any time."""
        kill_marked(self.mark)
        if self._keeper is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._keeper.wait(5)
            for stream in (self._keeper.stdin, self._keeper.stdout):
                with contextlib.suppress(OSError):
                    stream.close() if stream else None
        self._keeper = None
        self._endpoint = ""
        for folder in {self._folder / _TEMPORARY, self._temporary}:
            shutil.rmtree(folder, ignore_errors=True)

    def is_healthy(self, timeout_s: float = 1.0) -> bool:
        """Say within `timeout_s` whether the server answers."""
        if self._keeper is None or self._keeper.poll() is not None:
            return False
        address = urlsplit(self._endpoint)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout_s)
        try:
            connection.request("GET", "/json")
            return bool(json.load(connection.getresponse())["wsEndpointPath"] == address.path)
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def processes(self) -> tuple[Process, ...]:
        """Return every running process of the server."""
        return find_marked(self.mark)

    def _short_folder(self) -> Path:
        """Return the folder of temporary files, elsewhere if a browser's socket would have too long a path in ours."""
        folder = self._folder / _TEMPORARY
        if self._browser.kind is BrowserKind.HEADLESS_SHELL or fits_socket(folder):
            return folder
        return Path(tempfile.mkdtemp(prefix="outrider-", dir=SHORT_FOLDER))

    def _options(self) -> dict[str, object]:
        return {
            "headless": self._headless,
            "executablePath": self._browser.executable,
            "tracesDir": str(self.traces),
            "host": "127.0.0.1",
            # Playwright's own default, without which Chromium refuses to run as root.
            "chromiumSandbox": False,
            "handleSIGINT": False,
        }

    def _environ(self, temporary: Path) -> dict[str, str]:
        adapted = environment(self._browser, environ=self._environment)
        return {**self._environment, **adapted, "TMPDIR": str(temporary), VARIABLE: self.mark}

    def _await_endpoint(self, timeout_s: float) -> str:
        keeper = self._keeper
        assert keeper is not None
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(keeper.stdout, self._log, lines), daemon=True).start()
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                line = lines.get(timeout=left)
                if line.startswith("ws://"):
                    return line.strip()
                if not line:
                    break
        log = tail(self.log, _SHOWN)
        self.kill()
        raise BrowserError(
            f"the browser server did not start within {timeout_s:g} s" + (f":\n{log}" if log else ""),
            slug="browser-server",
            fix=f"try: {self._browser.executable} --headless --no-sandbox --dump-dom about:blank",
        )


def _read(stream: IO[bytes] | None, log: deque[str], lines: queue.SimpleQueue[str]) -> None:
    has_endpoint = False
    with contextlib.suppress(OSError, ValueError):
        for raw in iter(lambda: stream.readline(_LINE_BYTES) if stream else b"", b""):
            line = raw.decode(errors="replace")
            log.append(line)
            if not has_endpoint:
                lines.put(line)
                has_endpoint = line.startswith("ws://")
    lines.put("")
