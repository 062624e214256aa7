"""Commands and seconds from an empty folder to something that works: `python -m benchmarks.from_nothing [GOAL …]`.

Each goal begins with an empty home, an empty folder and a new virtual environment, into which pip installs the wheel
of this tree. Counted are the commands that a person types and the files that they write, and the time that the machine
takes; reading and typing take longer than either. The demo shop and a mailbox run beside it, as a user's own would. A
browser has to be installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo.postbox import Postbox
from demo.shop_process import ROOT, opened
from demo.tutorial import Reader
from demo.watched_shop import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBE = """```toml
# probes/shop.toml
[home]
kind = "http"
url = "SHOP/"
every = "10s"
```
"""
JOURNEY = """```python
# journeys/test_shop.py
from playwright.sync_api import Page, expect

def test_shop(page: Page) -> None:
    page.goto("SHOP/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
```
"""
ALERTS = """```toml
# scheduler/alerts.toml
[receiver.mailbox]
kind = "mail"
server = "SMTP"
from = "outrider@shop.example"
to = ["ops@shop.example"]

[route]
receivers = ["mailbox"]
```
"""
FAULT = "```sh\ncurl -sS -X PUT SHOP/admin/faults/errors --data '{\"size\": 1}'\n```\n"
UP = "<!-- stays -->\n```sh\noutrider up\n```\n"
_WAIT_S = 180.0
BEGIN = "```sh\noutrider init watch\ncd watch\n```\n"


def typed(command: str, shown: str, *remarks: str) -> str:
    """Return a block of one command, and what it shows when the goal is reached."""
    above = "".join(f"<!-- {remark} -->\n" for remark in remarks)
    return f"{above}```sh\n{command}\n```\n\n```text\n{shown}\n```\n"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a newcomer wants, what pip installs for it, and the page that leads there; a fault is somebody else's."""

    extra: str
    page: str

    @property
    def commands(self) -> int:
        """How many lines are typed: those of the page, and two for the environment."""
        blocks = self.page.split("```sh\n")[1:]
        return 2 + sum(len(block.partition("```")[0].splitlines()) for block in blocks)

    @property
    def files(self) -> int:
        """How many files are written or changed."""
        return self.page.count("```toml\n") + self.page.count("```python\n")


GOALS = {
    "own test run": Goal("", BEGIN + JOURNEY + typed("outrider run journeys/test_shop.py", "passed")),
    "first alert in a mailbox": Goal(
        "", BEGIN + PROBE + ALERTS + UP + FAULT + typed("outrider incidents", "open critical", "until it shows")
    ),
    "dashboard": Goal("", BEGIN + PROBE + UP + typed("curl -sS PAGES/", "home", "until it shows")),
    "first trace joined": Goal(
        "[telemetry]",
        BEGIN + PROBE + "```toml\n# outrider.toml\n[telemetry]\nlisten = \"TAKEN\"\n```\n" + UP
        + "<!-- in the terminal of outrider up -->\n```text\ntelemetry is taken\n```\n"
        + typed("outrider run probes/", "passed")
        + typed("outrider traces --run latest", "front  GET /", "until it shows"),
    ),
}  # fmt: skip


def main() -> None:
    """Measure the goals that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.from_nothing", description=__doc__)
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"one of {', '.join(GOALS)}; all if absent")
    chosen = parser.parse_args().goals or list(GOALS)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        wheel = _wheel(Path(folder))
        for name in chosen:
            install_s, use_s = _reach(GOALS[name], wheel)
            print(
                f"{name}: {GOALS[name].commands} commands, {GOALS[name].files} files, {install_s:.0f} s to install, "
                f"{use_s:.0f} s to use it (load average {os.getloadavg()[0]:.1f})",
                flush=True,
            )


def _wheel(folder: Path) -> Path:
    options = ("--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", folder)
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, ROOT], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def _reach(goal: Goal, wheel: Path) -> tuple[float, float]:
    """Return the seconds that the environment took, and those from there to the goal."""
    telemetry, pages = (f"127.0.0.1:{free_port(0)}" for _ in range(2))
    with tempfile.TemporaryDirectory() as folder, opened(folder, f"http://{telemetry}") as shop, Postbox() as postbox:
        home, begin = Path(folder, "home"), Path(folder, "work")
        home.mkdir()
        begin.mkdir()
        environment = _empty_environment(home, begin)
        replaced = {
            "SHOP": shop["SHOP_URL"], "SMTP": postbox.url, "PAGES": f"http://{pages}", "TAKEN": telemetry,
            "outrider up": f"outrider up --port {pages.rpartition(':')[2]}",
        }  # fmt: skip
        start_s = time.monotonic()
        for command in (("python3", "-m", "venv", ".venv"), (".venv/bin/pip", "install", "-q", f"{wheel}{goal.extra}")):
            subprocess.run(command, cwd=begin, env=environment, check=True)
        installed_s = time.monotonic()
        with Reader(begin, replaced, environment=environment) as reader:
            reader.follow(goal.page)
            if "smtp" in goal.page.lower() and postbox.wait("fails", _WAIT_S) is None:
                raise SystemExit("no mail came")
            done_s = time.monotonic()
    return installed_s - start_s, done_s - installed_s


def _empty_environment(home: Path, begin: Path) -> Mapping[str, str]:
    """Return what a new account has, with what says where pip finds packages on this machine."""
    path = os.pathsep.join((str(begin / ".venv/bin"), f"{sys.base_prefix}/bin", "/usr/local/bin", "/usr/bin", "/bin"))
    packages = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", **packages}


if __name__ == "__main__":
    main()
