"""Commands and seconds from an empty folder to something that works: `python -m benchmarks.from_nothing [GOAL …]`.

pip installs the wheel of this tree into a new virtual environment, once for all goals; what a goal needs beside it is
added when its turn comes. Each goal begins with an empty home and an empty folder. Counted are the commands that a
person types, the files that they write, and the time that the machine takes; reading and typing take longer. The demo
shop and a mailbox run beside it, as a user's own would. A browser has to be installed.
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

from benchmarks.alerting.mailbox import free_port
from demo.postbox import Postbox
from demo.shop_process import ROOT, opened
from demo.tutorial import Reader

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
    """What a newcomer wants, what pip installs for it, and the page that leads there; setting a fault counts."""

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
        wheel, begin = _wheel(Path(folder)), Path(folder, "begin")
        begin.mkdir()
        install_s = _install(begin, wheel)
        print(f"install: 2 commands, {install_s:.0f} s", flush=True)
        for name in chosen:
            goal = GOALS[name]
            extra_s = _install(begin, wheel, goal.extra) if goal.extra else 0.0
            use_s = _reach(goal, begin)
            print(
                f"{name}: {goal.commands} commands, {goal.files} files, {install_s + extra_s:.0f} s to install, "
                f"{use_s:.0f} s to use it (load average {os.getloadavg()[0]:.1f})",
                flush=True,
            )


def _wheel(folder: Path) -> Path:
    options = ("--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", folder)
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, ROOT], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def _install(begin: Path, wheel: Path, extra: str = "") -> float:
    """Return the seconds that it took; an extra is added to what is there."""
    start_s = time.monotonic()
    commands = [(".venv/bin/pip", "install", "-q", f"{wheel}{extra}")]
    if not extra:
        commands.insert(0, ("python3", "-m", "venv", ".venv"))
    for command in commands:
        subprocess.run(command, cwd=begin, env=_empty_environment(begin, begin), check=True)
    return time.monotonic() - start_s


def _reach(goal: Goal, installed: Path) -> float:
    """Return the seconds from an environment in the folder `installed` to the goal."""
    telemetry, pages = (f"127.0.0.1:{free_port()}" for _ in range(2))
    sent_to = f"http://{telemetry}" if goal.extra else ""  # a shop that nobody listens to takes a minute to stop
    with tempfile.TemporaryDirectory() as folder, opened(folder, sent_to) as shop, Postbox() as postbox:
        home, begin = Path(folder, "home"), Path(folder, "work")
        home.mkdir()
        begin.mkdir()
        replaced = {
            "SHOP": shop["SHOP_URL"], "SMTP": postbox.url, "PAGES": f"http://{pages}", "TAKEN": telemetry,
            "outrider up": f"outrider up --port {pages.rpartition(':')[2]}",
        }  # fmt: skip
        start_s = time.monotonic()
        with Reader(begin, replaced, environment=_empty_environment(home, installed)) as reader:
            reader.follow(goal.page)
            if "smtp" in goal.page.lower() and postbox.wait("fails", _WAIT_S) is None:
                raise SystemExit("no mail came")
            return time.monotonic() - start_s


def _empty_environment(home: Path, installed: Path) -> Mapping[str, str]:
    """Return what a new account has, with what says where pip finds packages on this machine."""
    path = os.pathsep.join((f"{installed}/.venv/bin", f"{sys.base_prefix}/bin", "/usr/local/bin", "/usr/bin", "/bin"))
    packages = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", **packages}


if __name__ == "__main__":
    main()
