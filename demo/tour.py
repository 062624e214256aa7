"""`make demo`: checks of a shop detect a drift and an outage, send mail that explains them, and report the recovery."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from demo.history import simulate
from demo.postbox import Postbox
from demo.shop_process import ROOT, opened
from demo.visitor import visit
from outrider.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

WORKSPACE = ROOT / ".outrider" / "demo"
FOLDERS = ("journeys", "probes", "baselines", "reports", "scheduler")
CHECKS = ("probe:probes/shop.toml::home", "probe:probes/shop.toml::health", "journeys/test_checkout.py")
SCHEDULE = """# The tour's own schedule: a few checks, at a fast cadence.
[[check]]
match = "*"
enabled = false

[[check]]
match = ["probes/shop.toml::home", "probes/shop.toml::health", "journeys/test_checkout.py"]
enabled = true
every = "15s"
"""
DAYS, EVERY_S, SEED = 4.0, 300.0, 1
DRIFT_MS_PER_HOUR = 20_000
WAIT_S = 100.0
STORED_S = 4.0


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop that is watched, what finds it, ports of dashboard and errors, and where telemetry goes, if it does."""

    address: str
    environment: dict[str, str]
    pages: int
    telemetry: str
    errors: int

    def fault(self, *words: str) -> None:
        """Switch a fault."""
        command = [sys.executable, "-m", "demo.faults", *words, "--url", self.address]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    def outrider(self, *arguments: str) -> int:
        """Run the program in the tour's workspace."""
        command = [sys.executable, "-m", "outrider", *arguments]
        return subprocess.run(command, cwd=WORKSPACE, env=self.environment, check=False).returncode

    def project(self) -> str:
        """Make a project of the shop, and return the DSN for its pages."""
        command = [sys.executable, "-m", "outrider", "project", "add", "front", "--origin", "*"]
        done = subprocess.run(command, cwd=WORKSPACE, env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    @property
    def dashboard(self) -> str:
        """The address of the pages."""
        return f"http://127.0.0.1:{self.pages}/"


def main() -> int:
    """Give the tour; return zero if every change was detected and reported by mail."""
    parser = argparse.ArgumentParser(prog="python -m demo.tour", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave shop and dashboard open at the end, until Ctrl-C")
    keep = parser.parse_args().keep
    began_s = time.monotonic()
    temporary = tempfile.TemporaryDirectory(prefix="milepost-")
    telemetry = f"127.0.0.1:{_free_port(4318)}" if find_spec("chdb") and find_spec("clickhouse_connect") else ""
    receiver = f"http://{telemetry}" if telemetry else ""
    with temporary as folder, Postbox() as postbox:
        environment = {**os.environ, "OUTRIDER_SMTP": postbox.url}
        shop = Shop("", environment, _free_port(8710), telemetry, _free_port(4319))
        _make_workspace(shop)
        with opened(folder, receiver, shop.project()) as address:
            shop = replace(shop, address=address["SHOP_URL"], environment={**environment, **address})
            code = _tour(shop, postbox, keep=keep)
    if not code:
        _say(
            f"That took {(time.monotonic() - began_s) / 60:.1f} minutes. Everything is kept; look closer:\n"
            f"  cd {WORKSPACE.relative_to(ROOT)}\n"
            "  ../../.venv/bin/outrider runs\n"
            "  ../../.venv/bin/outrider show RUN --open screenshot\n"
            "  ../../.venv/bin/outrider incidents\n"
            "Walk the shop yourself: .venv/bin/python -m demo"
        )
    return code


def _tour(shop: Shop, postbox: Postbox, *, keep: bool) -> int:
    _say(f"1. Milepost, the demo shop, is open at {shop.address}. Checks run against it, some in a browser:")
    for check in CHECKS * 2:  # one at a time, as later; the first pass warms caches
        if code := shop.outrider("run", check):
            _say("A check of the healthy shop did not pass.")
            return code
    count = _simulate_history()
    _write_settings(shop, judging=True)
    _say(f"2. {count:,} runs of the last {DAYS:g} days are simulated as a history, and marked as simulated.")
    with _watching(shop):
        _say(
            f"3. outrider up: the checks run by their schedule; its dashboard is {shop.dashboard}\n"
            "   A release makes the shop slower and slower …"
        )
        shop.outrider("release", "v2.4", "--environment", "demo")
        shop.fault("slow-drift", str(DRIFT_MS_PER_HOUR))
        if (mail := postbox.wait("slow", WAIT_S)) is None:
            return _missing_mail("the drift")
        _show(mail)
        if shop.telemetry:
            _say("   Which of its services is slow? The spans of all three say so (front, catalogue, payment):")
            shop.outrider("services", "--since", "5m")
        shop.fault("slow-drift", "--off")
        _say("4. The release is rolled back. Now every request fails with an error …")
        shop.fault("errors", "1")
        if (mail := postbox.wait("status 500", WAIT_S)) is None:
            return _missing_mail("the outage")
        _show(mail)
        _say("5. The shop is repaired …")
        shop.fault("errors", "--off")
        if (mail := postbox.wait("resolved", WAIT_S)) is None:
            return _missing_mail("the repair")
        _show(mail)
        shop.outrider("status")
        shop.outrider("incidents", "--all")
        _say("6. A script throws on the product page, and a user meets it before any check does:")
        shop.fault("script-error", "1")
        visit(shop.address)
        shop.fault("script-error", "--off")
        time.sleep(STORED_S)
        shop.outrider("errors")
        if shop.telemetry:
            shop.outrider("sessions", "--has", "error")
            shop.outrider("vitals")
        _say("7. The weekly report, with the simulated history:")
        code = shop.outrider("report", "weekly", "--out", str(WORKSPACE / "weekly.html"))
        if keep:
            _stay_open(shop)
    return code


def _stay_open(shop: Shop) -> None:
    _say(
        f"The dashboard stays open until Ctrl-C: {shop.dashboard}\n"
        "Break the shop again in another terminal, and watch:\n"
        f"  .venv/bin/python -m demo.faults slow-query 800 --url {shop.address}\n"
        f"  .venv/bin/python -m demo.faults errors 1 --url {shop.address}\n"
        f"  .venv/bin/python -m demo.faults --off --url {shop.address}"
    )
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def _free_port(wanted: int) -> int:
    """Return the wanted port, or any free one if somebody has it."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _make_workspace(shop: Shop) -> None:
    """Make the tour's workspace: a copy of the root's journeys, probes, alerts and runbooks."""
    shutil.rmtree(WORKSPACE, ignore_errors=True)
    WORKSPACE.mkdir(parents=True)
    _write_settings(shop, judging=False)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, WORKSPACE / name, ignore=shutil.ignore_patterns("__pycache__"))
    (WORKSPACE / "scheduler/schedule.toml").write_text(SCHEDULE, encoding="utf-8")
    alerts = WORKSPACE / "scheduler/alerts.toml"
    links = f'[delivery]\nlinks = "{shop.dashboard}"'
    alerts.write_text(alerts.read_text(encoding="utf-8").replace("[delivery]", links), encoding="utf-8")


def _write_settings(shop: Shop, *, judging: bool) -> None:
    """Write the settings; the judge starts at the oldest run, so it is switched on after the history is simulated."""
    settings = (ROOT / "outrider.toml").read_text(encoding="utf-8")
    settings += f'\n[errors]\nlisten = "127.0.0.1:{shop.errors}"\n'
    if shop.telemetry:
        settings += f'\n[telemetry]\nlisten = "{shop.telemetry}"\n'
    if not judging:
        settings += "\n[capabilities]\njudging = false\n"
    (WORKSPACE / "outrider.toml").write_text(settings, encoding="utf-8")


def _simulate_history() -> int:
    state = WORKSPACE / ".outrider"
    with Store.open(state / "outrider.db", artifacts=state / "artifacts") as store:
        latest = {summary.check: summary.id for summary in reversed(store.runs.search())}
        patterns = [store.runs.get(run).run for run in latest.values()]
        until_us = min(run.due_us for run in patterns) - 60_000_000
        return simulate(store, patterns, until_us=until_us, days=DAYS, every_s=EVERY_S, seed=SEED)


@contextmanager
def _watching(shop: Shop) -> Iterator[None]:
    command = [sys.executable, "-m", "outrider", "up", "--port", str(shop.pages)]
    with (WORKSPACE / ".outrider/up.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=WORKSPACE, env=shop.environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _show(mail: EmailMessage) -> None:
    body = mail.get_body(("plain",))
    text = body.get_content() if body else ""
    lines = [f"Subject: {mail['Subject']}", "", *str(text).splitlines()]
    print("\n".join(f"    | {line}" for line in lines), flush=True)


def _missing_mail(what: str) -> int:
    _say(f"There was no mail about {what} within {WAIT_S:g} s; {WORKSPACE}/.outrider/up.log may say why.")
    return 1


def _say(text: str) -> None:
    print(f"\n{text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
