"""`make demo`: a shop is watched, one of its faults is switched on, and the run that notices explains itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from demo.weekly import write_demo_report

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
FAULT = "broken-button"
BROKEN = "journeys/test_checkout.py"


def main() -> int:
    """Give the tour; return zero if the fault was seen."""
    with tempfile.TemporaryDirectory(prefix="milepost-") as folder, _shop(Path(folder)) as told:
        address = told["shop"].rstrip("/")
        environment = {**os.environ, **_addresses(told)}
        _say(f"Milepost, the demo shop, is open at {address}. Its probes and journeys ride ahead of its users:")
        if code := _outrider("run", environment=environment):
            _say("The shop should have been healthy, and was not.")
            return code
        _say(f"Now the shop breaks: {FAULT}.")
        _run([sys.executable, "-m", "demo.faults", FAULT, "--url", address], environment)
        _outrider("run", BROKEN, environment=environment)
        failed = _last_failed()
        if failed is None:
            _say("No run noticed the fault. That should not happen.")
            return 1
        _say("The failing run, with its steps, its reason, and where the evidence lies:")
        _outrider("show", failed, environment=environment)
        report = _weekly_report()
        _say(
            f"The weekly report of this, with simulated history before it, marked as such: {report}\n"
            "Look closer:\n"
            f"  .venv/bin/outrider show {failed} --open trace         # Playwright's viewer\n"
            f"  .venv/bin/outrider show {failed} --open screenshot\n"
            "  .venv/bin/outrider runs\n"
            "Walk the shop yourself: .venv/bin/python -m demo"
        )
    return 0


@contextmanager
def _shop(folder: Path) -> Iterator[dict[str, str]]:
    command = [
        sys.executable,
        "-m",
        "demo",
        "--port",
        "0",
        "--third-party-port",
        "0",
        "--data",
        str(folder / "shop.db"),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as shop:
        try:
            assert shop.stdout is not None
            told: dict[str, str] = json.loads(shop.stdout.readline())
            yield told
        finally:
            shop.terminate()


def _addresses(told: dict[str, str]) -> dict[str, str]:
    """Return the environment in which probes and journeys find the shop."""
    address = told["shop"].rstrip("/")
    return {
        "SHOP_URL": address,
        "SHOP_ADDRESS": address.removeprefix("http://"),
        "SHOP_TLS": told["tls"],
        "SHOP_DNS": told["names"],
    }


def _outrider(*arguments: str, environment: dict[str, str]) -> int:
    return _run([sys.executable, "-m", "outrider", *arguments], environment)


def _run(command: list[str], environment: dict[str, str]) -> int:
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _last_failed() -> str | None:
    command = [sys.executable, "-m", "outrider", "runs", "--outcome", "failed", "--limit", "1", "--json"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    runs = json.loads(told)
    return str(runs[0]["id"])[-8:] if runs else None


def _weekly_report() -> Path:
    """Write the report of what the tour saw; the history before it is simulated, in a store of its own."""
    folder = ROOT / ".outrider" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        return write_demo_report(ROOT, Path(name), folder / "weekly.html")


def _say(text: str) -> None:
    print(f"\n{text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
