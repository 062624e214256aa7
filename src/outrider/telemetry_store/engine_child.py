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


def main(commands: IO[str], answers: IO[str]) -> int:
    """Serve a folder; return the exit code."""
    settings = json.loads(commands.readline())
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
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(server))
    threading.Thread(target=_until_end, args=(commands, server), name="parent", daemon=True).start()
    _say(answers, {"ready": server.server_address[1]})
    server.serve_forever()
    server.server_close()
    handles.close()
    return 0


def _say(answers: IO[str], message: dict[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):
        answers.write(json.dumps(message) + "\n")
        answers.flush()


def _until_end(commands: IO[str], server: object) -> None:
    with contextlib.suppress(ValueError, OSError):
        while commands.readline():
            pass
    _stop(server)


def _stop(server: object) -> None:
    threading.Thread(target=server.shutdown, daemon=True).start()  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
