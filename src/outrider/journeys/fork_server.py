"""The process that workers are forked from: pytest, Playwright and known plug-ins are imported, nothing of a suite.

    python -P -m outrider.journeys.fork_server FD ROOT

Each worker is a fork: it starts as a fresh interpreter would, without the price of the imports. FD is one end of a
socket pair of packets. A packet that begins with `FORK` carries two descriptors, the worker's channel and its log; the
answer is the process ids of the worker and of the driver that workers share, zero if there is none. `START_DRIVER`
starts that driver ahead, and has no answer. A packet that holds
a worker's number is answered with its exit code, once it has ended; until then it stays a zombie, so that its number is
nobody else's. When the other end closes, this process ends. Workers end by themselves then, since their channels close,
too, and so does the driver.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest  # noqa: F401 - to be there when workers need it
from _pytest.config import default_plugins

from outrider.journeys import worker
from outrider.journeys.fork_client import FORK, FORK_WITH_DRIVER, PACKET_BYTES, READY, START_DRIVER, UNFIT
from outrider.journeys.processes import adopt_orphans
from outrider.journeys.shared_driver import SharedDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Plug-ins whose import makes nothing by which a fork could be told from a fresh interpreter: no random numbers, time,
# thread or connection. Others are imported by each worker, as a suite's own modules are.
_PLUGINS = (
    "outrider.pytest_plugin", "pytest_playwright.pytest_playwright", "pytest_base_url.plugin", "pytest_asyncio.plugin",
    "xdist.plugin", "xdist.looponfail", "anyio.pytest_plugin", "_hypothesis_pytestplugin", "pytest_locust.plugin",
)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Fork workers until the other end closes."""
    descriptor, root = argv
    control = socket.socket(fileno=int(descriptor))
    workers: set[int] = set()
    driver = SharedDriver(root)
    adopt_orphans()
    preload()
    control.send(READY if is_fit() else UNFIT)
    gc.collect()
    gc.freeze()  # a collection in a worker touches no page of what it shares with us
    while True:
        packet, descriptors, _, _ = socket.recv_fds(control, PACKET_BYTES, 2)
        if not packet:
            driver.close()
            return 0
        if packet == START_DRIVER:
            driver.start()
            continue
        if not packet.startswith(FORK):
            control.send(str(_exit_code(int(packet))).encode())
            workers.discard(int(packet))
            _reap_orphans(workers)
            continue
        connection = driver.connection() if packet == FORK_WITH_DRIVER else None
        pid = os.fork()
        if pid == 0:
            control.close()
            driver.release()
            channel, log = descriptors
            with_driver = packet == FORK_WITH_DRIVER
            serve = partial(worker.serve, channel, root, with_driver=with_driver, connection=connection)
            _become_worker(log, serve)
        for copy in descriptors:
            os.close(copy)
        if connection is not None:
            connection.close()
        workers.add(pid)
        control.send(f"{pid} {driver.pid}".encode())


def preload() -> None:
    """Import what every worker needs."""
    for name in (*(f"_pytest.{plugin}" for plugin in default_plugins), *_PLUGINS):
        with suppress(ImportError):  # not installed
            importlib.import_module(name)


def is_fit() -> bool:
    """Whether this process may be forked: a thread's locks would stay locked for ever in the copy."""
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _reap_orphans(workers: set[int]) -> None:
    """Let go of processes that workers left behind and that have ended; their processor time becomes ours."""
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in workers:
            os.waitpid(ended.si_pid, 0)


def _become_worker(log: int, serve: Callable[[], int]) -> None:
    code = 1
    try:
        os.setsid()
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        code = serve()
    except BaseException:  # what a new interpreter would print
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
