"""Public locustfiles by plain Locust and by Outrider: `python -m benchmarks.public_locustfiles FOLDER [PATTERN ...]`.

FOLDER holds a checked-out repository in each of its folders. Every file in it that defines a user of Locust's and fits
one of the patterns (`REPOSITORY/*`, say; all by default) runs unchanged, in a copy of its repository, from the folder
that it is in: by `locust --headless` and by `outrider load`, with the same options, against a server of this machine
that answers whatever it is asked and counts it. A table says how they ended, and what is different; below it stands
what either counted. A host that a file names itself is out of reach for both.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 6
USERS = 8
COMMON = 5  # requests, from which on a name is no chance of a weighted task
LIMIT_S = 60
_USERS = re.compile(r"^class \w+\([^)]*(?:User|UserBase)\b[^)]*\):", re.MULTILINE)
_LOCUST = re.compile(r"^\s*(?:from|import) (?:locust|locust_plugins)\b", re.MULTILINE)
WORKSPACE = '[load]\nbusy_above = 1.0\nlate = "1000s"\n'
"""A busy machine is not the subject: it would make loads inconclusive."""


class Answering(BaseHTTPRequestHandler):
    """Answers every request with a small document, and counts it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    count = 0

    def answer(self) -> None:
        type(self).count += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"id": 1, "token": "t", "access": "t", "data": [], "name": "x"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815 - names of http.server

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@dataclass
class Result:
    """How a file ended; requests and failures by name."""

    outcome: str
    requests: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    seen: int = 0
    note: str = ""


@contextmanager
def target() -> Iterator[str]:
    """Address of a server of this machine."""
    with Server(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def locustfiles(folder: Path, patterns: list[str]) -> list[Path]:
    """Return the files below the folder, from there, that define users of Locust's."""
    files = (path for path in sorted(folder.rglob("*.py")) if "site-packages" not in path.parts)
    names = [path.relative_to(folder) for path in files if _defines_users(path)]
    return [name for name in names if any(fnmatch.fnmatch(str(name), pattern) for pattern in patterns or ["*"])]


def _defines_users(path: Path) -> bool:
    text = path.read_text(errors="replace")
    return bool(_LOCUST.search(text) and _USERS.search(text))


def ended(command: list[str], folder: Path, *, patience_s: float) -> tuple[int, str, str]:
    """Run a command; ask it to end after a while, and end it at last."""
    packages = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": packages}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    for number, wait_s in ((signal.SIGINT, patience_s), (signal.SIGKILL, LIMIT_S)):
        try:
            out, err = process.communicate(timeout=wait_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, number)
        else:
            return process.returncode, out, err
    out, err = process.communicate()
    return process.returncode, out, err


def plain(file: Path, host: str) -> Result:
    """Run a file by plain Locust."""
    report = file.parent / "plain-locust.json"
    command = [sys.executable, "-m", "locust", "-f", file.name, "--headless", "--only-summary", "-H", host]
    options = ["-u", str(USERS), "-r", "10", "-t", f"{SECONDS}s", "--json-file", report.stem]
    before = Answering.count
    code, _, log = ended([*command, *options], file.parent, patience_s=SECONDS + 4)
    entries = json.loads(report.read_text()) if report.exists() else []
    requests = {f"{entry['method'] or ''} {entry['name']}".strip(): entry["num_requests"] for entry in entries}
    failures = {f"{entry['method'] or ''} {entry['name']}".strip(): entry["num_failures"] for entry in entries}
    outcome = "passed" if code == 0 else f"exit code {code}"
    return Result(outcome, requests, failures, Answering.count - before, _last_error(log))


def outrider(file: Path, host: str) -> Result:
    """Run a file by Outrider."""
    command = [sys.executable, "-m", "outrider", "load", f"./{file.name}", "-H", host, "-u", str(USERS)]
    before = Answering.count
    _, out, log = ended([*command, "-r", "10", "-t", f"{SECONDS}s", "--json"], file.parent, patience_s=SECONDS + 300)
    try:
        run = json.loads(out)
    except ValueError:
        return Result("no run", note=(log.strip().splitlines() or [""])[0])
    endpoints = run["endpoints"]
    requests = {entry["endpoint"]: entry["requests"] for entry in endpoints}
    failures = {entry["endpoint"]: entry["failed"] for entry in endpoints}
    return Result(run["run"]["outcome"], requests, failures, Answering.count - before, run["run"]["reason"])


def differences(theirs: Result, ours: Result) -> list[str]:
    """Return what Outrider does otherwise than Locust: what is green, what is asked, and what fails."""
    kinds = []
    if (theirs.outcome == "passed") != (ours.outcome == "passed"):
        kinds.append("outcome")
    if missing := _asked(theirs, COMMON) - _asked(ours) | _asked(ours, COMMON) - _asked(theirs):
        kinds.append(f"names {', '.join(sorted(missing)[:3])}")
    if any(theirs.failures.values()) != any(ours.failures.values()):
        kinds.append("failures")
    return kinds


def _asked(result: Result, least: int = 1) -> set[str]:
    return {name for name, count in result.requests.items() if count >= least}


def _last_error(log: str) -> str:
    errors = [line for line in log.splitlines() if re.match(r"\w[\w.]*(Error|Exception)\b|.*/ERROR/", line)]
    return errors[-1] if errors else ""


def compare(source: Path, name: Path) -> tuple[Result, Result]:
    """Run a file in both ways, each in a copy of its repository."""
    results = []
    for run in (plain, outrider):
        with tempfile.TemporaryDirectory() as folder, target() as host:
            root = Path(folder) / name.parts[0]
            shutil.copytree(source / name.parts[0], root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
            (root / "outrider.toml").write_text(WORKSPACE)
            results.append(run(Path(folder) / name, host))
    return results[0], results[1]


def main(source: Path, patterns: list[str]) -> None:
    """Print the table."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started inherits one that a shell had ignored
    print(
        f"{'locustfile':64} {'plain':13} {'requests':>8} {'failed':>6}  {'outrider':13} {'requests':>8} {'failed':>6}"
    )
    different = 0
    names = locustfiles(source, patterns)
    for name in names:
        theirs, ours = compare(source, name)
        kinds = differences(theirs, ours)
        different += bool(kinds)
        print(f"{name!s:64} {_columns(theirs)}  {_columns(ours)}  {'; '.join(kinds)}", flush=True)
        for who, result in (("plain", theirs), ("outrider", ours)):
            if result.note:
                print(f"    {who}: {result.note[:200]}", flush=True)
    print(f"{len(names)} locustfiles, {different} different")


def _columns(result: Result) -> str:
    counts = f"{sum(result.requests.values()):8} {sum(result.failures.values()):6}"
    return f"{result.outcome:13} {counts} (server {result.seen})"


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
