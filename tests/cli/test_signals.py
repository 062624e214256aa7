"""Signals reach a command whatever its main thread is doing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.cli.conftest import WAIT_S

if TYPE_CHECKING:
    from pathlib import Path

HOLDS_A_LOCK = """
import os, sys, threading, time
from signal import SIGHUP, SIGTERM
from outrider.cli.signals import call_on_signals

lock, ended, calls = threading.Lock(), threading.Event(), []

def note(name):
    with lock:
        calls.append(name)

call_on_signals({SIGHUP: lambda: note("reload"), SIGTERM: lambda: (note("stop"), ended.set())})
with lock:  # as Event.wait does, within which a handler of Python's may run
    os.kill(os.getpid(), SIGHUP)
    os.kill(os.getpid(), SIGTERM)
    time.sleep(0.2)
    assert calls == []
assert ended.wait(60)
print(*sorted(calls))
"""
INTERRUPTED = """
import os, signal, sys, time
import click
from outrider.cli.main import cli, main

@click.command()
def told():
    exec("os.kill(os.getpid(), signal.SIGINT); time.sleep(60)")

signal.signal(signal.SIGINT, signal.default_int_handler)  # where a build server ignores it
cli.get_command = lambda *_: told
sys.argv[1:] = ["ls"]
main()
"""


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script as `python -m` does, which ends in ways of its own."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-m", "script"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WAIT_S, check=False)


def test_what_a_signal_asks_for_waits_for_no_lock_of_the_thread_that_it_interrupts(tmp_path: Path) -> None:
    """It is done by another thread, once the lock is free."""
    done = run(tmp_path, HOLDS_A_LOCK)

    assert (done.returncode, done.stdout, done.stderr) == (0, "reload stop\n", "")


def test_ctrl_c_within_code_that_is_made_of_text_exits_with_130(tmp_path: Path) -> None:
    """As a class of attributes, or a statement of SQLAlchemy, is made."""
    done = run(tmp_path, INTERRUPTED)

    assert (done.returncode, done.stdout, done.stderr.split()) == (130, "", ["interrupted"])
