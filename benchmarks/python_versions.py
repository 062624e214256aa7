"""Install a built wheel on each Python and try it: `python -m benchmarks.python_versions [--wheel FILE] [PYTHON …]`.

Each gets an environment of its own and, by pip and without the locks, the wheel with all extras; nothing is compiled.
Then the program says its version, makes a workspace, runs a probe, and a journey where there is a browser, writes a
report, tries its artifacts, and the engine of telemetry answers. The script needs nothing but Python, so that a Python
in a container can run it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
EXTRAS = "auth,celery,demo,grpc,locations,otel,parquet,postgres,s3,telemetry"
MODULES = (
    "authlib, aiosmtpd, celery, trustme, cryptography, opentelemetry.sdk, pyarrow, psycopg, s3fs, "
    "clickhouse_connect, grpc"
)
ENGINE = "import chdb; print(chdb.query('SELECT version()'))"
PROBE = '[home]\nkind = "http"\nurl = "http://127.0.0.1:{port}/"\nexpect.contains = "probe.toml"\n'


COLUMNS = (
    "Python", "install, s", "MB", "installs", "pip check", "extras", "version", "init", "probe", "journey", "report",
    "artifacts", "engine",
)  # fmt: skip


class Site(SimpleHTTPRequestHandler):
    """What the probe asks."""

    def log_message(self, *_: object) -> None:
        """Keep what it was asked to itself."""


def tried(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command; return a mark, and print what it said if it failed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        print(f"$ {' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}", file=sys.stderr)
    return "no" if done.returncode else "yes"


def row(python: str, wheel: Path, port: int) -> list[str]:
    """Return what was tried by one Python."""
    with TemporaryDirectory(prefix="outrider-python-") as folder:
        here = Path(folder)
        subprocess.run((python, "-m", "venv", here / "venv"), check=True)
        bin_ = here / "venv" / "bin"
        version = subprocess.run((bin_ / "python", "-V"), capture_output=True, text=True, check=True).stdout.split()[1]
        begin = time.monotonic()
        pip: list[str | Path] = [bin_ / "python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
        installed = tried([*pip, "install", "--only-binary=:all:", f"{wheel}[{EXTRAS}]"], here)
        seconds = time.monotonic() - begin
        marks = [installed, tried([*pip, "check"], here), tried([bin_ / "python", "-c", f"import {MODULES}"], here)]
        marks += tried_program(bin_ / "outrider", here, port)
        marks.append(tried([bin_ / "python", "-c", ENGINE], here))
        size = sum(path.stat().st_size for path in here.joinpath("venv").rglob("*") if path.is_file())
        return [version, f"{seconds:.0f}", f"{size / 1e6:.0f}", *marks]


def tried_program(outrider: Path, here: Path, port: int) -> list[str]:
    """Return what the installed program did: version, workspace, probe, journey, report, artifacts."""
    workspace = here / "shop"
    marks = [tried([outrider, "--version"], here), tried([outrider, "init", workspace], here)]
    probes = workspace / "probes"
    probes.mkdir(exist_ok=True)
    (probes / "shop.toml").write_text(PROBE.format(port=port), encoding="utf-8")
    marks.append(tried([outrider, "run", "probe:*"], workspace))
    browser = subprocess.run((outrider, "browser"), capture_output=True, check=False, cwd=workspace).returncode == 0
    marks.append(tried([outrider, "run", "journey:*"], workspace) if browser else "no browser")
    marks.append(tried([outrider, "report", "weekly", "--out", here / "weekly.html"], workspace))
    marks.append(tried([outrider, "doctor", "artifacts"], workspace))
    return marks


def works(python: str) -> bool:
    """Return whether a Python is here; pyenv has a command for those that it has not, too."""
    path = shutil.which(python)
    return path is not None and subprocess.run((path, "-c", ""), capture_output=True, check=False).returncode == 0


def main() -> None:
    """Print a table, a row a Python; exit with 1 if anything did not work."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--wheel", type=Path, help="by default the one in dist/")
    parser.add_argument("pythons", nargs="*", default=PYTHONS)
    options = parser.parse_args()
    wheel = options.wheel or next(iter(sorted(Path("dist").glob("*/outrider-*.whl"))), None)
    if wheel is None:
        raise SystemExit("there is no wheel in dist/: make release")
    with TemporaryDirectory() as folder:
        Path(folder, "probe.toml").touch()
        handler = partial(Site, directory=folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=server.serve_forever, daemon=True).start()
        print(f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|", sep="\n")
        rows = []
        for python in options.pythons:
            if not works(python):
                print(f"| {python} | is not here |", flush=True)
                continue
            rows.append(row(python, wheel.resolve(), server.server_address[1]))
            print(f"| {' | '.join(rows[-1])} |", flush=True)
        server.shutdown()
    sys.exit(not rows or any("no" in marks for marks in rows))


if __name__ == "__main__":
    main()
