"""What OpenTelemetry's metrics say of a service's process, and of the host, under the names of its conventions."""

import gc
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import psutil
from opentelemetry.metrics import CallbackOptions, Meter, Observation

HOST: Final = socket.gethostname()
_MOUNT: Final = "/"


def measure_process(meter: Meter) -> None:
    """Observe processor, memory, threads and garbage collection of this process."""
    process = psutil.Process()

    def cpu() -> Iterator[Observation]:
        times = process.cpu_times()
        yield Observation(times.user, {"cpu.mode": "user"})
        yield Observation(times.system, {"cpu.mode": "system"})

    def collections() -> Iterator[Observation]:
        for generation, counts in enumerate(gc.get_stats()):
            yield Observation(counts["collections"], {"cpython.gc.generation": generation})

    meter.create_observable_counter("process.cpu.time", [_observed(cpu)], "s")
    meter.create_observable_gauge("process.memory.usage", [_observed(lambda: _single(process.memory_info().rss))], "By")
    meter.create_observable_gauge(
        "process.thread.count", [_observed(lambda: _single(process.num_threads()))], "{thread}"
    )
    meter.create_observable_counter("cpython.gc.collections", [_observed(collections)], "{collection}")


def measure_host(meter: Meter) -> None:
    """Observe processor, memory, disk, network and load of the host."""
    meter.create_observable_counter("system.cpu.time", [_observed(_host_cpu)], "s")
    meter.create_observable_gauge("system.cpu.load_average.1m", [_observed(lambda: _single(psutil.getloadavg()[0]))])
    meter.create_observable_gauge("system.memory.usage", [_observed(_host_memory)], "By")
    meter.create_observable_gauge("system.filesystem.usage", [_observed(_host_disk)], "By")
    meter.create_observable_counter("system.network.io", [_observed(_host_network)], "By")


def _host_cpu() -> Iterator[Observation]:
    for mode, seconds in psutil.cpu_times()._asdict().items():
        if not mode.startswith("guest"):  # counted among the user's
            yield Observation(seconds, {"cpu.mode": mode})


def _host_memory() -> Iterator[Observation]:
    memory = psutil.virtual_memory()
    yield Observation(memory.total - memory.available, {"system.memory.state": "used"})
    yield Observation(memory.available, {"system.memory.state": "free"})


def _host_disk() -> Iterator[Observation]:
    usage = psutil.disk_usage(_MOUNT)
    for state, size in (("used", usage.used), ("free", usage.free)):
        yield Observation(size, {"system.filesystem.mountpoint": _MOUNT, "system.filesystem.state": state})


def _host_network() -> Iterator[Observation]:
    for device, sent in psutil.net_io_counters(pernic=True).items():
        for direction, size in (("transmit", sent.bytes_sent), ("receive", sent.bytes_recv)):
            yield Observation(size, {"network.interface.name": device, "network.io.direction": direction})


def _single(value: float) -> Iterator[Observation]:
    yield Observation(value)


def _observed(observe: Callable[[], Iterable[Observation]]) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _options: observe()
