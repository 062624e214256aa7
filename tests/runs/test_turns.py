"""Turns, taken by real processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from outrider.runs import Turns

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from outrider.runs import Turns

with Turns(Path(sys.argv[1]), int(sys.argv[2])).taken():
    print("taken", flush=True)
    sys.stdin.read()
"""


def _hold(folder: Path, count: int) -> subprocess.Popen[str]:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert held.stdout is not None
    assert held.stdout.readline() == "taken\n"
    return held


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_the_next_waits_until_a_turn_ends(tmp_path: Path, end: str) -> None:
    """Another process's turn is waited for, and ends with that process."""
    got = threading.Event()

    def take() -> None:
        with Turns(tmp_path, 1).taken():
            got.set()

    with _hold(tmp_path, 1) as holder:
        waiting = threading.Thread(target=take)
        waiting.start()
        early = got.wait(0.3)
        if end == "killed":
            holder.kill()
        else:
            holder.communicate()
        waiting.join(timeout=20)

    assert not early
    assert got.is_set()


def test_as_many_as_allowed_at_a_time(tmp_path: Path) -> None:
    """With two turns, the second does not wait for the first."""
    with _hold(tmp_path, 2) as holder:
        with Turns(tmp_path, 2).taken():
            running = holder.poll() is None
        holder.communicate()

    assert running


def test_who_gives_up_waiting_gets_no_turn(tmp_path: Path) -> None:
    """And does not wait any longer; whoever gives up before the turn is free takes it all the same."""
    given_up = threading.Event()
    given_up.set()

    with Turns(tmp_path, 1).taken(given_up) as is_free:
        with Turns(tmp_path, 1).taken(given_up) as is_taken:
            assert not is_taken
        assert is_free


def test_a_folder_that_was_removed_is_made_anew(tmp_path: Path) -> None:
    """Programs that tidy temporary files remove it while nobody takes a turn."""
    turns = Turns(tmp_path / "turns", 1)
    for _ in range(2):
        with turns.taken() as is_taken:
            assert is_taken
        for path in (tmp_path / "turns").iterdir():
            path.unlink()
        (tmp_path / "turns").rmdir()
