"""Rounds of `kill -9` of telemetry's service and engine under ingest: `python -m benchmarks.telemetry_crash`.

`outrider ingest` takes logs and spans over HTTP from a few senders, as `outrider up` does in its process `telemetry`.
Each round kills the engine, the service, or both, at a random moment, and starts again what does not start itself. A
sender repeats nothing: it notes which batches were acknowledged, and which were not answered. At the end everything is
counted by number in the tables and in the rollups. Wanted: none of what was acknowledged is lost. A batch whose answer
a kill cut off may be there, or not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Final

from outrider.app.lookup.telemetry_access import ENGINE_FOLDER
from outrider.telemetry_store import running_engine
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.workspace import load

BATCH: Final = 20
SENDERS: Final = ("logs", "traces")
_LIFE_S: Final = (0.05, 2.5)
_READY_S: Final = 600.0
_DRAINED_S: Final = 180.0


class Service:
    """`outrider ingest` of a workspace, started again after each kill at the same address."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.address = f"http://127.0.0.1:{port}"
        self.state = load(root).state
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-P", "-m", "outrider", "ingest"]
        with (self.root / "ingest.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.root, stdout=subprocess.PIPE, stderr=log)

    def wait_until_ready(self) -> None:
        """Wait until it takes telemetry; start it again where it could not start."""
        ends_s = time.monotonic() + _READY_S
        while time.monotonic() < ends_s:
            with suppress(OSError), urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                return
            if self.process.poll() is not None:
                self._start()
            time.sleep(0.05)
        raise RuntimeError(f"the service does not start: see {self.root / 'ingest.log'}")

    def kill_engine(self) -> bool:
        """Kill the engine; return whether one ran."""
        record = running_engine(self.state / ENGINE_FOLDER)
        if record is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGKILL)
        return True

    def kill(self) -> None:
        """Kill the service and start it again."""
        self.process.kill()
        self.process.wait()
        self._start()

    def end(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(120)


class Sender(threading.Thread):
    """Sends batches of one signal, one after the other, and notes what became of each."""

    def __init__(self, address: str, signal_name: str) -> None:
        super().__init__(daemon=True)
        self._url = f"{address}/v1/{signal_name}"
        self._signal = signal_name
        self._stop_asked = threading.Event()
        self.acknowledged: list[int] = []
        self.unanswered: list[int] = []

    def run(self) -> None:
        """Send until told to stop."""
        number = 0
        while not self._stop_asked.wait(0.01):
            status = _status(self._url, _batch(self._signal, number))
            if status == 200:
                self.acknowledged.append(number)
            elif status is None:
                self.unanswered.append(number)
                self._stop_asked.wait(0.1)
            number += 1

    def stop(self) -> None:
        """Stop after the batch under way.

        Raises:
            RuntimeError: If it stopped by itself before: what was killed since proved nothing.
        """
        if not self.is_alive():
            raise RuntimeError(f"the sender of {self._signal} ended before its time")
        self._stop_asked.set()
        self.join()


def _status(url: str, body: bytes) -> int | None:
    """Return the status of the answer, even if its body is cut off; None if there was none.

    A refused connection has sent nothing: 0.
    """
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError as error:
        return 0 if isinstance(error.reason, ConnectionRefusedError) else None
    except (OSError, HTTPException):
        return None


def _batch(signal_name: str, number: int) -> bytes:
    attributes = [{"key": "batch", "value": {"stringValue": f"b{number}"}}]
    now = time.time_ns()
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "crash"}}]}
    if signal_name == "logs":
        record = {"timeUnixNano": str(now), "severityNumber": 9, "body": {"stringValue": "x"}, "attributes": attributes}
        logs = {"resource": resource, "scopeLogs": [{"logRecords": [record] * BATCH}]}
        return json.dumps({"resourceLogs": [logs]}).encode()
    spans = [
        {
            "traceId": f"{number + 1:032x}", "spanId": f"{k + 1:016x}", "name": "work", "kind": 2,
            "startTimeUnixNano": str(now - 10**6), "endTimeUnixNano": str(now), "attributes": attributes,
        }
        for k in range(BATCH)
    ]  # fmt: skip
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}).encode()


def _stored(client: ClickHouseClient, signal_name: str) -> dict[int, int]:
    """Return how many records of each batch are stored."""
    column, table = ("LogAttributes", "otel_logs") if signal_name == "logs" else ("SpanAttributes", "otel_traces")
    sql = f"SELECT {column}['batch'] AS b, count() FROM outrider.{table} GROUP BY b"
    return {int(name[1:]): int(count) for name, count in client.query(sql).rows}


def _rolled_up(client: ClickHouseClient, signal_name: str) -> int:
    table = "outrider_logs_1m" if signal_name == "logs" else "outrider_services_1m"
    return int(client.query(f"SELECT sum(n) FROM outrider.{table}").rows[0][0])


def _judge(client: ClickHouseClient, sender: Sender, signal_name: str) -> tuple[int, list[str]]:
    """Return how many acknowledged records were lost, and what else is wrong."""
    stored = _stored(client, signal_name)
    lost = sum(BATCH - min(BATCH, stored.get(number, 0)) for number in sender.acknowledged)
    problems = [f"{signal_name}: batch {number} is there {count / BATCH:g} times"
                for number, count in stored.items() if count != BATCH]  # fmt: skip
    total, rolled = sum(stored.values()), _rolled_up(client, signal_name)
    if total != rolled:
        problems.append(f"{signal_name}: {total:,} records, and {rolled:,} in the rollup")
    print(
        f"{signal_name}: {len(sender.acknowledged) * BATCH:,} acknowledged, {lost} lost;"
        f" {len(sender.unanswered)} batches without an answer; {total:,} stored, {rolled:,} in the rollup"
    )
    return lost, problems


def _kill(service: Service, number: int) -> str:
    what = ("engine", "service", "both")[number % 3]
    if what != "service":
        service.kill_engine()
    if what != "engine":
        service.kill()
    return what


def main(rounds: int, seed: int, minutes: float) -> int:
    """Kill, count, and return the exit code."""
    numbers, began_s, done = random.Random(seed), time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        root, port = Path(folder), _free_port()
        settings = f'[telemetry]\nlisten = "127.0.0.1:{port}"\n'
        (root / "outrider.toml").write_text(settings, encoding="utf-8")
        service = Service(root, port)
        service.wait_until_ready()
        senders = {name: Sender(service.address, name) for name in SENDERS}
        for sender in senders.values():
            sender.start()
        for number in range(rounds):
            time.sleep(numbers.uniform(*_LIFE_S))
            _kill(service, number)
            if numbers.random() < 0.7:  # else it is killed while it starts
                service.wait_until_ready()
            done = number + 1
            if time.monotonic() - began_s > minutes * 60:
                break
        service.wait_until_ready()
        for sender in senders.values():
            sender.stop()
        lost, problems = _counted(service, senders)
    print(f"{done} rounds, seed {seed}, {time.monotonic() - began_s:.0f} s: acknowledged and lost {lost}")
    for problem in problems[:10]:
        print(problem)
    return 1 if lost or problems else 0


def _counted(service: Service, senders: dict[str, Sender]) -> tuple[int, list[str]]:
    spool = service.state / "telemetry" / "spool"
    ends_s = time.monotonic() + _DRAINED_S
    while any(spool.iterdir()) and time.monotonic() < ends_s:
        time.sleep(0.2)
    left = [path.name for path in spool.iterdir()]
    lost, problems = 0, [f"left in the spool: {', '.join(left[:5])}"] if left else []
    record = running_engine(service.state / ENGINE_FOLDER)
    assert record is not None
    client = ClickHouseClient(ServerAddress.of_engine(record))
    for name, sender in senders.items():
        lost_of, problems_of = _judge(client, sender, name)
        lost += lost_of
        problems += problems_of
    client.close()
    service.end()
    return lost, problems


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop then, and say how many there were")
    options = parser.parse_args()
    sys.exit(main(options.rounds, options.seed, options.minutes))
