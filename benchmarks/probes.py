"""What probes cost and how well they measure: `python benchmarks/probes.py [capacity|phases|scale]`.

capacity  http probes per processor second, assertions evaluated and runs stored, beside Debian's
          prometheus-blackbox-exporter on the same target with the same time-out and assertion, taking turns.
phases    phase times against a server that delays each phase by a known amount.
scale     10,000 probes at one a minute: memory, and how late each starts.
"""

from __future__ import annotations

import asyncio
import http.client
import multiprocessing
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import trustme

from outrider.model import Circumstances, Order, Outcome, new_run_id
from outrider.probes import Engine, read_probes
from outrider.runs import Fleet
from outrider.store import Store
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrider.model import Check, Measurement, Run
    from outrider.probes import ProbeCatalogue

BODY = b'{"status":"ok","count":12}\n'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
EXPORTER = "prometheus-blackbox-exporter"
EXPORTER_SETTINGS = """
modules:
  http:
    prober: http
    timeout: 5s
    http:
      valid_status_codes: [200]
      fail_if_body_not_matches_regexp: ['"status":"ok"']
      preferred_ip_protocol: ip4
"""
ROUNDS = 5
AT_ONCE = 1_500
SLICE = 20
PER_HOST = 32
LEAST_CONCLUSIVE = 0.9
DELAYS_MS = {"tls": 60.0, "first_byte": 150.0, "transfer": 90.0}
SCALE = 10_000
MINUTE_S = 60.0
TICK_S = 0.05
PHASE_ROUNDS = 40


class Target(asyncio.Protocol):
    """Answers whatever is asked, at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, _data: bytes) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(ANSWER)


def serve_target(listener: socket.socket) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Target, sock=listener, backlog=4096)
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def target() -> Iterator[int]:
    """Serve in a process of its own; yield the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        process = multiprocessing.get_context("fork").Process(target=serve_target, args=(listener,), daemon=True)
        process.start()
        yield listener.getsockname()[1]
        process.kill()


def workspace(folder: Path, port: int, count: int, per_host: int = PER_HOST) -> ProbeCatalogue:
    """Return the probes of a workspace that asks one target."""
    probe = '[p{}]\nkind = "http"\nurl = "http://127.0.0.1:{}/"\ntimeout = "5s"\nretries = 0\nexpect.status = 200\n'
    probe += 'expect.matches = \'"status":"ok"\'\n'
    (folder / "probes").mkdir(exist_ok=True)
    (folder / "outrider.toml").write_text(f"[probes]\nper_host = {per_host}\n", encoding="utf-8")
    text = "\n".join(probe.format(number, port) for number in range(count))
    (folder / "probes" / "all.toml").write_text(text, encoding="utf-8")
    return read_probes(load(folder), {})


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def our_rate(folder: Path, store: Store, catalogue: ProbeCatalogue, count: int) -> float:
    """Return runs per processor second, from the start of the first to the storing of the last."""
    checks = [catalogue.checks[number % len(catalogue.checks)] for number in range(count)]
    settings = load(folder).probes
    with (
        Engine(catalogue.probes, settings) as engine,
        Fleet(engine, store.runs, folder / "scratch", Circumstances()) as fleet,
    ):
        began_s = time.process_time()
        passed = keep_going(fleet, checks)
        took_s = time.process_time() - began_s
    assert passed > LEAST_CONCLUSIVE * count, f"only {passed} of {count} passed"
    return count / took_s


def keep_going(fleet: Fleet, checks: list[Check]) -> int:
    """Make runs, `AT_ONCE` of them begun at a time, in slices as a scheduler's ticks would; return how many passed."""
    waiting = iter(checks)
    over = threading.Event()
    stored = passed = 0

    def done(run: Run) -> None:
        nonlocal stored, passed
        stored += 1
        passed += run.outcome == Outcome.PASSED
        if stored == len(checks):
            over.set()
        elif not stored % SLICE:
            fleet.start(islice(waiting, SLICE), done)

    fleet.start(islice(waiting, AT_ONCE), done)
    over.wait()
    return passed


def exporter_rate(exporter: psutil.Process, port: int, exporter_port: int, count: int) -> float:
    """Return probes per processor second of the exporter's process."""
    before = cpu_s(exporter)

    def ask(share: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", exporter_port)
        for _ in range(share):
            connection.request("GET", f"/probe?module=http&target=http://127.0.0.1:{port}/")
            assert b"probe_success 1" in connection.getresponse().read()

    workers = [threading.Thread(target=ask, args=(count // 8,)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count / (cpu_s(exporter) - before)


def capacity() -> None:
    """Print both rates, and their ratio round by round."""
    if not shutil.which(EXPORTER):
        print(f"{EXPORTER} is not installed: apt-get install {EXPORTER}")
    with tempfile.TemporaryDirectory() as name, target() as port:
        folder = Path(name)
        catalogue = workspace(folder, port, 200)
        (folder / "exporter.yml").write_text(EXPORTER_SETTINGS, encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            exporter_port = free.getsockname()[1]
        command = [EXPORTER, f"--config.file={folder}/exporter.yml", f"--web.listen-address=127.0.0.1:{exporter_port}"]
        ours, theirs = [], []
        with (
            Store.open(folder / "runs.db", artifacts=folder / "artifacts") as store,
            subprocess.Popen(command, stderr=subprocess.DEVNULL) as process,
        ):
            our_rate(folder, store, catalogue, 1_000)
            wait_for(exporter_port)
            exporter = psutil.Process(process.pid)
            for _ in range(ROUNDS):
                ours.append(our_rate(folder, store, catalogue, 10_000))
                theirs.append(exporter_rate(exporter, port, exporter_port, 2_000))
            process.terminate()
    ratios = [rate / other for rate, other in zip(ours, theirs, strict=True)]
    print(
        f"per processor second, medians of {ROUNDS}: ours {statistics.median(ours):,.0f} runs measured, judged and "
        f"stored; {EXPORTER} {statistics.median(theirs):,.0f} probes; ratio {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )


def wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)


class Delays(threading.Thread):
    """A TLS server that delays each phase, and notes how long each delay really was."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        authority = trustme.CA()
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.context)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.took: list[dict[str, float]] = []

    def run(self) -> None:
        while True:
            plain, _ = self.listener.accept()
            began_s = time.perf_counter()
            time.sleep(DELAYS_MS["tls"] / 1000)
            with self.context.wrap_socket(plain, server_side=True) as connection:
                shaken_s = time.perf_counter()
                connection.recv(65536)
                time.sleep(DELAYS_MS["first_byte"] / 1000)
                head, _, body = ANSWER.partition(b"\r\n\r\n")
                first_s = time.perf_counter()
                connection.sendall(head + b"\r\n\r\n" + body[:5])
                time.sleep(DELAYS_MS["transfer"] / 1000)
                last_s = time.perf_counter()
                connection.sendall(body[5:])
            actual = {"tls": shaken_s - began_s, "first_byte": first_s - shaken_s, "transfer": last_s - first_s}
            self.took.append({phase: seconds * 1000 for phase, seconds in actual.items()})


def phases() -> None:
    """Print by how much each phase differs from what the server did."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Delays(folder)
        server.start()
        (folder / "probes").mkdir()
        (folder / "outrider.toml").touch()
        (folder / "probes" / "all.toml").write_text(
            f'[slow]\nkind = "http"\nurl = "https://127.0.0.1:{server.port}/"\nauthority = "authority.pem"\n',
            encoding="utf-8",
        )
        catalogue = read_probes(load(folder), {})
        (check,) = catalogue.checks
        measurements: list[Measurement] = []
        with Engine(catalogue.probes) as engine:
            for number in range(PHASE_ROUNDS + 1):
                order = Order(new_run_id(number), check, 1, 5.0, folder / "scratch")
                measurements.append(engine.measure(order))
    differences: dict[str, list[float]] = {}
    for measurement, truth in list(zip(measurements, server.took, strict=True))[1:]:
        samples = {sample.metric.removesuffix("_ms"): sample.value for sample in measurement.samples}
        for phase, took_ms in truth.items():
            differences.setdefault(phase, []).append(samples[phase] - took_ms)
    for phase, errors_ms in differences.items():
        delay_ms = DELAYS_MS[phase]
        within = sum(abs(error) <= max(1.0, 0.02 * delay_ms) for error in errors_ms)
        print(
            f"{phase:10} delayed by {delay_ms:g} ms: median difference {statistics.median(errors_ms):+.2f} ms, "
            f"largest {max(errors_ms, key=abs):+.2f} ms; within 1 ms or 2 %: {within} of {len(errors_ms)}"
        )


def scale() -> None:
    """Print memory and start lag of 10,000 probes at one a minute, each of which runs once."""
    before_bytes = psutil.Process().memory_info().rss
    lags_ms: list[float] = []
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name, target() as port:
        folder = Path(name)
        began_s = time.perf_counter()
        catalogue = workspace(folder, port, SCALE)
        read_s = time.perf_counter() - began_s

        def done(run: Run) -> None:
            lags_ms.append((run.attempts[0].measurement.started_us - run.due_us) / 1000)
            outcomes[run.outcome] += 1

        with (
            Store.open(folder / "runs.db", artifacts=folder / "artifacts") as store,
            Engine(catalogue.probes, load(folder).probes) as engine,
            Fleet(engine, store.runs, folder / "scratch", Circumstances()) as fleet,
        ):
            cpu_began_s = time.process_time()
            tick(fleet, catalogue.checks, done)
            while len(lags_ms) < SCALE:
                time.sleep(0.1)
            busy = (time.process_time() - cpu_began_s) / MINUTE_S
    lags_ms.sort()
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{SCALE:,} probes at one a minute: read in {read_s:.1f} s, memory {peak_bytes / 1e6:.0f} MB at most "
        f"({before_bytes / 1e6:.0f} MB before), start lag p50 {lags_ms[SCALE // 2]:.1f} ms, "
        f"p99 {lags_ms[SCALE * 99 // 100]:.1f} ms, largest {lags_ms[-1]:.1f} ms, {busy:.0%} of a processor, "
        f"{dict(outcomes)}"
    )


def tick(fleet: Fleet, checks: Sequence[Check], done: Callable[[Run], None]) -> None:
    """Start every check once within a minute, those of one tick together."""
    ticks = int(MINUTE_S / TICK_S)
    began_s, began_us = time.monotonic(), time.time_ns() // 1000
    for number in range(ticks):
        time.sleep(max(0.0, began_s + number * TICK_S - time.monotonic()))
        due = checks[number * len(checks) // ticks : (number + 1) * len(checks) // ticks]
        fleet.start(due, done, due_us=began_us + int(number * TICK_S * 1e6))


def main() -> None:
    """Print the figures that were asked for, or all; each in a process of its own."""
    figures = {"capacity": capacity, "phases": phases, "scale": scale}
    if len(sys.argv) > 1:
        figures[sys.argv[1]]()
        return
    for name in figures:
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    main()
