"""What it takes to find and erase one person: `python -m benchmarks.privacy_erase [--sizes N …]`.

A workspace holds N events of N/20 issues, N/20 runs with a file, N/20 replays, and ten times N log records and N spans.
One thing in each kind that is kept, in two hundred of its rows, names the person. Beside it stands a plain scan: grep
over the same files, which reads every byte once and sees nothing in what is compressed. Wanted: time that grows no
faster than the store, and nothing found afterwards.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outrider.app.access.workspace_access import now_us, open_store
from outrider.app.lookup.telemetry_access import open_telemetry
from outrider.app.upkeep.personal_data import open_personal_data
from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Attempt,
    CheckId,
    Circumstances,
    ErrorEvent,
    ErrorException,
    ErrorUser,
    Identifier,
    IdentifierKind,
    LogRecord,
    Measurement,
    Outcome,
    ReplaySegment,
    Run,
    Span,
    new_run_id,
)
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrider.app.upkeep.personal_data import Inventory
    from outrider.store import Store
    from outrider.telemetry_store import TelemetryStore
    from outrider.workspace import Workspace

WHO: Final = "customer-471147"
EVERY: Final = 200
_BATCH: Final = 2_000
_LETTERS: Final = str.maketrans("0123456789", "abcdefghij")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one size took: seconds, and bytes on the disk before."""

    size: int
    disk_bytes: int
    inventory_s: float
    erase_s: float
    scan_s: float
    theirs: int


def user_of(number: int) -> str:
    """Return who an item is of."""
    return WHO if number % EVERY == 0 else f"customer-{number + 1_000_000}"


def fill_store(store: Store, folder: Path, size: int) -> None:
    """Store events, runs with a file each, and replays."""
    at_us = now_us()
    causes = max(size // 20, 1)
    events = [
        ErrorEvent(
            f"{number:032x}", 1, at_us, at_us, service="shop", environment="production",
            exceptions=(ErrorException(f"E{number % causes}".translate(_LETTERS), f"no cart of {user_of(number)}"),),
            user=ErrorUser(user_of(number)),
        )
        for number in range(size)
    ]  # fmt: skip
    for start in range(0, size, _BATCH):
        store.errors.add(events[start : start + _BATCH])
    for number in range(causes):
        path = folder / "file"
        path.write_text(f'{{"url": "/users/{user_of(number)}"}}' * 200)
        store.runs.record(_run(path, at_us))
        path.write_text(f"replay {number}" * 500)
        session = f"{number + 1:032x}"
        store.replays.add(ReplaySegment(session, "b" * 16, 0, 1, at_us, at_us, has_snapshot=True, events=2), path)


def _run(path: Path, at_us: int) -> Run:
    har = ArtifactFile(ArtifactKind.HAR, "har", "application/json", path)
    measured = Measurement(Outcome.PASSED, "", at_us, 1.0, artifacts=(har,))
    attempt = Attempt(1, measured=True, evidence=False, measurement=measured)
    return Run(
        new_run_id(at_us), CheckId("journey:pay"), "production", "local", at_us, at_us, at_us + 1_000,
        Outcome.PASSED, "", (attempt,), Circumstances(),
    )  # fmt: skip


def fill_telemetry(telemetry: TelemetryStore, size: int) -> None:
    """Store log records and spans."""
    at_ns, resource = time.time_ns() - 10**10, {"service.name": "shop"}
    for start in range(0, 10 * size, _BATCH * 10):
        numbers = range(start, min(start + _BATCH * 10, 10 * size))
        logs = [
            LogRecord(at_ns + n, "", "", 0, "INFO", 9, "shop", f"cart of {user_of(n)}", resource, "app", "1", {})
            for n in numbers
        ]
        telemetry.insert_logs(logs, token=f"logs {start}")
    for start in range(0, size, _BATCH * 10):
        spans = [
            Span(at_ns + n, f"{n:032x}", f"{n + 1:016x}", "", "", "GET /cart", "Server", "shop", resource, "app", "1",
                 {"user.id": user_of(n)}, 10**6)
            for n in range(start, min(start + _BATCH * 10, size))
        ]  # fmt: skip
        telemetry.insert_spans(spans, token=f"spans {start}")


def measured(site: Workspace, size: int) -> Taken:
    """Find and erase the person, and scan plainly."""
    disk = sum(path.stat().st_size for path in site.state.rglob("*") if path.is_file())
    began_s = time.monotonic()
    subprocess.run(["grep", "-rcaF", WHO, str(site.state)], capture_output=True, check=False)
    scan_s = time.monotonic() - began_s
    with open_personal_data(site) as data:
        person = data.person([Identifier(IdentifierKind.USER, WHO)])
        began_s = time.monotonic()
        inventory: Inventory = data.inventory(person)
        inventory_s = time.monotonic() - began_s
        began_s = time.monotonic()
        data.erase(person)
        erase_s = time.monotonic() - began_s
        left = data.inventory(person)
    if not left.is_empty:
        raise SystemExit(f"size {size}: left {dict(left.counts)} {dict(left.mentions)}")
    return Taken(size, disk, inventory_s, erase_s, scan_s, sum(inventory.counts.values()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 8_000, 32_000])
    print("events  on disk  theirs  inventory  erase  plain scan")
    for size in parser.parse_args(arguments).sizes:
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root)
            (folder / "outrider.toml").write_text("[errors]\n[telemetry]\n", "utf-8")
            site = load(folder)
            with open_store(site, to_write=True) as store:
                fill_store(store, folder, size)
            with open_telemetry(site) as telemetry:
                fill_telemetry(telemetry, size)
                taken = measured(site, size)
        print(
            f"{taken.size:6,}  {taken.disk_bytes / 1e6:4.0f} MB  {taken.theirs:6,}  {taken.inventory_s:7.2f} s  "
            f"{taken.erase_s:.2f} s  {taken.scan_s:.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
