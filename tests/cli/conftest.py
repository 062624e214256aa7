"""A workspace of one's own, the real program run in it, and a site that misbehaves on request."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest

from outrider.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 1200.0
"""How long a program may take before a test gives it up: suites of browsers take minutes on a busy host."""

# A busy machine is the subject of tests of its own, and no reason for others to fail.
CALM = """
[journeys]
starved_above = 1.0
[probes]
late = "30s"
"""

FROM_FILES = {"init", "ls", "runs", "show", "validate"}
"""Commands for which a process of their own would show nothing more, even in tests of browsers."""

PAGES = {
    "/": "<h1>Hello</h1><label>Password <input type=password></label><button>Go</button>",
    "/spin": "<h1>Spin</h1><script>setTimeout(() => { for (;;); }, 50)</script>",
    "/xhr": "<h1>XHR</h1><button onclick=\"const x = new XMLHttpRequest(); x.open('GET', '/hang', false); x.send()\">Go"
    "</button>",
    "/dialog": "<h1>Dialog</h1><button onclick=\"alert('anyone?')\">Go</button>",
    "/console": "<h1>Console</h1><script>console.error('x'.repeat(10_000_000));"
    "console.log('recorded', 'https://app.logrocket.com/ab/shop/s/5/0')</script>",
    "/many": "<h1>Many</h1><script>(async () => { for (let i = 0; i < 100; i++) await Promise.all(Array.from("
    "{length: 50}, (_, k) => fetch(`/tiny?${i}-${k}`))); document.querySelector('h1').textContent = 'All'; })()"
    "</script>",
    "/popup": "<h1>Popup</h1><a href=/ target=_blank>Open</a><a href=/file download>Save</a>",
    "/tiny": "x",
}


class Site(BaseHTTPRequestHandler):
    """Answers from `PAGES`; `/hang` never does."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/hang":
            self.server.stopping.wait()  # type: ignore[attr-defined]
            return
        body = b"\xff\xfe caf\xe9 <h1>Latin</h1>" if path == "/latin" else PAGES.get(path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html" if path != "/file" else "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Site)
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is killed hangs up; that is no news."""


def at_a_terminal() -> None:
    """Let Ctrl-C be heard by a child even where a build server runs its jobs with it switched off."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def serving() -> Iterator[str]:
    """Serve the site, and yield its address."""
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.stopping.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    with serving() as address:
        yield address


def invoke(
    root: Path, *arguments: str, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Do as `outrider` does in a folder, but in this process: starting a program costs more than most commands.

    For commands that answer from files; what starts browsers, loads or services has a process of its own.
    """
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as here, redirect_stdout(stdout), redirect_stderr(stderr):
        here.chdir(root)
        if stdin is not None:
            here.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        here.setattr(tempfile, "tempdir", environment.get("TMPDIR"))
        for name, value in environment.items():
            here.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
    code = ended.value.code or 0
    assert isinstance(code, int)
    output, errors = (stream.buffer.getvalue().decode() for stream in (stdout, stderr))
    return subprocess.CompletedProcess(["outrider", *arguments], code, output, errors)


def start(root: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start the program as a terminal does: in a process group of its own, which `interrupt` ends."""
    return subprocess.Popen(
        [sys.executable, "-m", "outrider", *arguments],
        cwd=root,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=at_a_terminal,  # noqa: PLW1509 - no threads matter before exec
    )


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Interrupt a program and all that it started, as Ctrl-C does; return what it printed, and its messages."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=WAIT_S)


def first_message(process: subprocess.Popen[str]) -> str:
    """Return the first line of a program's messages, once it is there, but for those that say what takes long."""
    assert process.stderr is not None
    return next((line for line in process.stderr if not line.endswith(" s so far\n")), "")


@dataclass
class Desk:
    """A workspace and the program, which is called in this process where `in_process` or the command says so."""

    root: Path
    temporary: Path
    in_process: bool = False

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def outrider(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        if self.in_process or arguments[0] in FROM_FILES:
            return invoke(self.root, *arguments, **{"TMPDIR": str(self.temporary), **environment})
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_CORE")}
        return subprocess.run(
            [sys.executable, "-m", "outrider", *arguments],
            cwd=self.root,
            env={**kept, "TMPDIR": str(self.temporary), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )

    def run(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """Return the runs of `outrider run --json` by the name of the test."""
        reported = self.json("run", "--json", *arguments, **environment)
        return {item["check"].rpartition("::")[2].removeprefix("journey:"): item for item in reported["runs"]}

    def json(self, *arguments: str, **environment: str) -> Any:
        """Return what the program prints with `--json`; a run's exit code is checked against what it says of itself."""
        done = self.outrider(*arguments, **environment)
        assert done.stdout, done.stderr
        document = json.loads(done.stdout)
        assert not isinstance(document, dict) or document.get("exit_code", done.returncode) == done.returncode
        return document

    def leftovers(self) -> list[str]:
        """Return the processes and files that a program which has ended left behind, given them a moment to go."""
        deadline = time.monotonic() + 10
        while (left := self._left()) and time.monotonic() < deadline:
            threading.Event().wait(0.1)
        return left

    def _left(self) -> list[str]:
        running = [
            f"process {process.pid}: {process.name()}"
            for process in psutil.process_iter()
            if process.pid != os.getpid() and _environment(process).get("TMPDIR", "").startswith(str(self.temporary))
        ]
        homes = self.temporary.glob("outrider-*")
        files = [str(path) for home in homes for path in home.iterdir() if path.name != "turns"]
        return running + files


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except (psutil.Error, OSError):
        return {}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    desk = Desk(folder / "ws", folder / "tmp")
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM)
    return desk
