"""`make demo`: one release makes a shop slower, another breaks its payment, and everything tells of it."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from demo.held_port import HeldPort
from demo.patience import Patience, mail_about
from demo.postbox import Postbox, readable
from demo.shop_process import ROOT, opened
from demo.visitor import visit
from demo.watched_shop import DAYS, Shop
from outrider.model import IssueQuery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage
    from pathlib import Path

WORKSPACE = ROOT / ".outrider" / "demo"
CHECKS = ("probe:probes/shop.toml::home", "probe:probes/shop.toml::health", "journeys/test_checkout.py")
QUERY_MS = 90
TRACED_RUNS = 8
PASSES, ROUNDS = 2, 8
STORED_S = 60.0
_TRACE = re.compile(r"/traces/([0-9a-f]{32})")
SLOW, BROKEN = "v2.4", "v2.5"
"""Releases, which mails name; a busy machine makes incidents that have nothing to do with them."""


def main() -> int:
    """Give the tour; return zero if every change was detected and reported by mail."""
    parser = argparse.ArgumentParser(prog="python -m demo.tour", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave shop and dashboard open at the end, until Ctrl-C")
    keep = parser.parse_args().keep
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # shop and service end with the tour
    began_s = time.monotonic()
    temporary = tempfile.TemporaryDirectory(prefix="milepost-")
    telemetry = HeldPort(4318) if find_spec("chdb") and find_spec("clickhouse_connect") else None
    receiver = f"http://{telemetry.address}" if telemetry else ""
    with temporary as folder, Postbox() as postbox:
        environment = {**os.environ, "OUTRIDER_SMTP": postbox.url}
        shop = Shop(WORKSPACE, "", environment, HeldPort(8710), telemetry, HeldPort(4319))
        shop.make_workspace([check.removeprefix("probe:") for check in CHECKS], "10s")
        shop.project("payment")  # the exceptions in its spans are errors, too
        with opened(folder, receiver, shop.project("front", "--origin", "*")) as address:
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
    if not pass_all(shop, CHECKS):
        _say(f"Not every check passed {PASSES} times while the shop was healthy.")
        return 1
    count = shop.simulate_history()
    _say(f"2. {count:,} runs of the last {DAYS:g} days are simulated as a history, and marked as simulated.")
    with shop.watched():
        code = _slow_release(shop, postbox) or _broken_release(shop, postbox)
        if code:
            return code
        _say("7. A script throws on the product page, and a user meets it before any check does:")
        shop.fault("script-error", "1")
        visit(shop.address)
        shop.fault("script-error", "--off")
        _show_stored(shop, "errors", "service:front")
        if shop.telemetry:
            _show_stored(shop, "sessions", "--has", "error")
        _say("8. The weekly report, with the simulated history, and how long before users the checks saw it:")
        code = shop.outrider("report", "weekly")
        if keep:
            _stay_open(shop)
    return code


def pass_all(shop: Shop, checks: Sequence[str]) -> bool:
    """Run checks until each has passed twice, and return whether all did; the first pass warms caches.

    They run one at a time, as later. A busy machine takes more rounds, since what waits for it may run out of time.
    """
    for check in [*checks] * ROUNDS:
        if shop.times_passed(check) < PASSES and shop.outrider("run", check):
            _say("   That is told of a healthy shop when the machine is busy. It runs once more:")
    return all(shop.times_passed(check) >= PASSES for check in checks)


def _slow_release(shop: Shop, postbox: Postbox) -> int:
    """Let a release make the shop slower; show what tells of it, and roll it back."""
    _say(f"3. outrider up: the checks run by their schedule, and users come; its dashboard is {shop.dashboard}")
    _wait_for_runs(shop)
    visit(shop.address)
    _say("   A release asks the database once for each product of a list …")
    shop.outrider("release", SLOW, "--environment", "demo")
    shop.fault("n-plus-one", str(QUERY_MS))
    if (mail := _mail(shop, postbox, "slow", SLOW)) is None:
        return 1
    text = readable(mail)
    visit(shop.address)
    _say(
        "4. The release is rolled back. It is over once a dozen runs are as quick as before; until then, the evidence:"
    )
    shop.fault("n-plus-one", "--off")
    if shop.telemetry:
        if trace := _TRACE.search(text):
            _say("   The trace behind it, what was logged in it, and all else that shares it:")
            _show_stored(shop, "traces", trace[1])
            shop.outrider("logs", f"trace:{trace[1]}")
            shop.outrider("related", "trace", trace[1])
        _say("   A user met it later than the checks did:")
        _show_stored(shop, "sessions")
        _show_stored(shop, "vitals")
    return 0 if _mail(shop, postbox, "resolved", SLOW) else 1


def _broken_release(shop: Shop, postbox: Postbox) -> int:
    """Let a release bring an exception into the payment; show its stack, what was logged, and a user who met it."""
    _say("5. Another release: from now on the payment service raises an exception …")
    shop.outrider("release", BROKEN, "--environment", "demo")
    shop.fault("payment-error", "1")
    if _mail(shop, postbox, "fail", BROKEN) is None:
        return 1
    visit(shop.address, buys=True)
    _say("6. It is rolled back. The exception with its stack, and what shares its traces, a user's session, too:")
    shop.fault("payment-error", "--off")
    if shop.telemetry:
        _show_stored(shop, "errors", "service:payment")
        for issue in _issues_of(shop, "payment"):
            shop.outrider("errors", "show", issue)
            shop.outrider("related", "issue", issue)
    if _mail(shop, postbox, "resolved", BROKEN) is None:
        return 1
    shop.outrider("status")
    shop.outrider("incidents", "--all")
    return 0


def _issues_of(shop: Shop, service: str) -> list[str]:
    with shop.store() as store:
        return [
            str(issue.id) for issue in store.errors.list(IssueQuery(time.time_ns() // 1000)) if issue.service == service
        ]


def _wait_for_runs(shop: Shop) -> None:
    """Wait until the checks have run a few times, so that there are traces to compare with."""
    since_us = time.time_ns() // 1000
    patience = Patience(lambda: shop.measured(since_us).total())
    while patience.lasts():
        done = shop.measured(since_us)
        if len(done) == len(CHECKS) and min(done.values()) >= TRACED_RUNS:
            return
        time.sleep(1)


def _mail(shop: Shop, postbox: Postbox, subject: str, release: str) -> EmailMessage | None:
    """Return the next mail that names a release and has a word in its subject; say so if none comes."""
    since_us = time.time_ns() // 1000
    patience = Patience(lambda: shop.measured(since_us).total())
    mail = mail_about(postbox, (subject, release), patience, _show)
    if mail is None:
        _say(
            f'No mail named "{subject}" and {release} while {patience.runs} runs were measured; {shop.log} may say why.'
        )
    return mail


def _show_stored(shop: Shop, *arguments: str) -> None:
    """Run a command once there is something that it shows: what services and browsers send arrives a little later."""
    until_s = time.monotonic() + STORED_S
    while time.monotonic() < until_s and not shop.answer(*arguments):
        time.sleep(1)
    shop.outrider(*arguments)


def _stay_open(shop: Shop) -> None:
    _say(
        f"The dashboard stays open until Ctrl-C: {shop.dashboard}\n"
        "Break the shop again in another terminal, and watch:\n"
        f"  .venv/bin/python -m demo.faults slow-query 800 --url {shop.address}\n"
        f"  .venv/bin/python -m demo.faults payment-error 1 --url {shop.address}\n"
        f"  .venv/bin/python -m demo.faults --off --url {shop.address}"
    )
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def keep(mail: EmailMessage, workspace: Path) -> None:
    """Write a mail where the workspace keeps what it is not made of: another file in it is a change to be suspected."""
    folder = workspace / ".outrider/mails"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{time.time_ns()}.eml").write_bytes(mail.as_bytes())


def _show(mail: EmailMessage) -> None:
    keep(mail, WORKSPACE)
    print("\n".join(f"    | {line}" for line in readable(mail).splitlines()), flush=True)


def _say(text: str) -> None:
    print(f"\n{text}\n", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted: shop and service are closed")
