"""The engine's process: opens one folder with chDB and serves it until it is told to end.

Started as `python -P -m outrider.telemetry_store.engine_child`, with its settings as JSON on the first line of standard
input; it prints where it listens, or what is wrong, as a line of JSON. It ends at SIGTERM, at SIGINT, and when standard
input ends: so it does not outlive who started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import IO

_ENDS = {signal.SIGTERM, signal.SIGINT}


def main(commands: IO[str], answers: IO[str]) -> int:
    """Serve a folder; return the exit code."""
    settings = json.loads(commands.readline())
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # before any thread begins: all inherit it, and one waits for them
    os.nice(settings["nice"])
    try:
        from outrider.telemetry_store.engine_handles import EngineHandles  # noqa: PLC0415  chDB may be missing
        from outrider.telemetry_store.http_interface import EngineServer  # noqa: PLC0415

        handles = EngineHandles(
            Path(settings["folder"]), memory_bytes=settings["memory_bytes"], readers=settings["readers"]
        )
        server = EngineServer(settings["port"], handles, settings["password"])
    except Exception as problem:
        _say(answers, {"problem": str(problem), "kind": type(problem).__name__})
        return 1
    threading.Thread(target=server.serve_forever, name="engine", daemon=True).start()
    threading.Thread(target=_until_end, args=[commands], name="parent", daemon=True).start()
    _say(answers, {"ready": server.server_address[1]})
    signal.sigwait(_ENDS)
    server.shutdown()
    server.server_close()
    handles.close()
    return 0


def _say(answers: IO[str], message: dict[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):
        answers.write(json.dumps(message) + "\n")
        answers.flush()


def _until_end(commands: IO[str]) -> None:
    with contextlib.suppress(ValueError, OSError):
        while commands.readline():
            pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
