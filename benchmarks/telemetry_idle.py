"""What telemetry costs while none comes in: `python -m benchmarks.telemetry_idle [SECONDS]`.

`outrider ingest` takes telemetry in a new workspace. How much of a core its process and the engine's use is counted
until they have caught up with what is judged of services, and then for some seconds more; memory is PSS: what is shared
with other processes counts by its share. Seconds of processors are the same on a busy host, if not quite.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

_WAIT_S = 600.0
_LATE_S = 900.0
"""How old what is judged may be, once it has been caught up with: it is stored by five minutes, some minutes late."""


def _cpu_s(processes: list[psutil.Process]) -> dict[int, float]:
    return {process.pid: sum(process.cpu_times()[:2]) for process in processes}


def caught_up(mark: Path) -> bool:
    """Return whether all that a workspace had before has been judged, by the file that says until when."""
    with suppress(OSError, ValueError, KeyError):
        return time.time() - float(json.loads(mark.read_text("utf-8"))["until_s"]) < _LATE_S
    return False


def main(seconds: float) -> None:
    """Measure, and print a line for each process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "outrider.toml").write_text('[telemetry]\nlisten = "127.0.0.1:0"\n', encoding="utf-8")
        began_s = time.monotonic()
        ingest = subprocess.Popen(
            [sys.executable, "-m", "outrider", "ingest"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not caught_up(folder / ".outrider/telemetry/services.json"):
                if ingest.poll() is not None or time.monotonic() - began_s > _WAIT_S:
                    sys.exit("`outrider ingest` did not come as far as to wait")
                time.sleep(0.5)
            processes = [psutil.Process(ingest.pid), *psutil.Process(ingest.pid).children()]
            begin = _cpu_s(processes)
            ready_s = time.monotonic() - began_s
            print(f"start, and catching up: {sum(begin.values()):.1f} s of the processor, {ready_s:.0f} s by the clock")
            time.sleep(seconds)
            used = _cpu_s(processes)
            for process, what in zip(processes, ("ingest", "engine"), strict=True):
                share = 100 * (used[process.pid] - begin[process.pid]) / seconds
                memory = process.memory_full_info().pss / 1e6
                print(f"{what}: {share:.2f} % of a core, {memory:.0f} MB  (at most 2 % and 450 MB, both together)")
        finally:
            ingest.send_signal(signal.SIGTERM)
            ingest.wait()
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0)
