"""The process that evaluates texts of targets: `python -m outrider.probes.evaluation_child DESCRIPTOR SECONDS BYTES`.

It reads pickled checks and a text, and writes the events of their evaluation. The kernel ends it where one evaluation
takes more than SECONDS of processor time, also within a call of C; its memory is bounded by BYTES.
"""

from __future__ import annotations

import json
import pickle
import resource
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from outrider.probes.text_evaluation import Event, evaluate


def main(descriptor: int, cpu_s: float, memory_bytes: int) -> None:
    """Evaluate one text after another until the other side is gone."""
    _warm_up()
    _, hard_bytes = resource.getrlimit(resource.RLIMIT_AS)
    most_bytes = memory_bytes if hard_bytes == resource.RLIM_INFINITY else min(memory_bytes, hard_bytes)
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = Connection(descriptor)
    with suppress(EOFError, OSError):
        _send(connection, Event("ready", ""))
        while True:
            checks, charset, data = pickle.loads(connection.recv_bytes())  # noqa: S301 - written by our own parent
            signal.setitimer(signal.ITIMER_PROF, cpu_s)  # SIGPROF's default action ends the process
            try:
                for event in evaluate(checks, data.decode(charset, "replace")):
                    _send(connection, event)
            except MemoryError:
                _send(connection, Event("memory", ""))
                return
            signal.setitimer(signal.ITIMER_PROF, 0)
            _send(connection, Event("end", ""))


def _send(connection: Connection, event: Event) -> None:
    connection.send_bytes(json.dumps(event).encode())


def _warm_up() -> None:
    """Import what evaluations need, outside their time."""
    import jsonpath_rfc9535  # noqa: F401, PLC0415
    import jsonschema.validators  # noqa: F401, PLC0415
    import regex  # noqa: F401, PLC0415


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
