"""Turns, taken by real processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from outrider.model import Claim
from outrider.runs import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from outrider.model import HostTurn

HOLDER = """
import sys
from pathlib import Path
from outrider.model import Claim
from outrider.runs import Turns

folder, count, check = sys.argv[1:]
turns = Turns(Path(folder), int(count), f"/srv/{check}")
def on_wait(ahead):
    print("waits", *[turn.claim.check for turn in ahead], flush=True)
with turns.taken(Claim(check, 60), on_wait=on_wait):
    print("taken", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def _claiming(folder: Path, count: int, check: str = "other") -> Iterator[subprocess.Popen[str]]:
    """Yield a process that wants a turn, prints for whom it waits, and holds the turn until it is sent a line."""
    claiming = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), str(count), check],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield claiming
    finally:
        claiming.kill()
        claiming.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["closed", "killed"])
def test_the_next_waits_until_a_turn_ends(tmp_path: Path, end: str) -> None:
    """Another process's turn is waited for, and ends with that process."""
    got, waits = threading.Event(), threading.Event()

    def take() -> None:
        with Turns(tmp_path, 1).taken(on_wait=lambda _: waits.set()):
            got.set()

    with _claiming(tmp_path, 1) as holder:
        assert _line(holder) == "taken"
        waiting = threading.Thread(target=take)
        waiting.start()
        assert waits.wait(60)
        early = got.is_set()
        if end == "killed":
            holder.kill()
        else:
            _end(holder)
        waiting.join(timeout=60)

    assert not early
    assert got.is_set()


@pytest.mark.slow
def test_turns_come_in_order_of_arrival_over_processes_of_several_workspaces(tmp_path: Path) -> None:
    """Three processes that arrive one after the other have their turns in that order, and say for whom they wait."""
    with ExitStack() as stack:
        first, second, third = (
            stack.enter_context(_claiming(tmp_path, 1, check)) if _has_arrived(tmp_path, number) else None
            for number, check in enumerate(("first", "second", "third"))
        )
        assert first is not None
        assert second is not None
        assert third is not None
        assert _line(first) == "taken"
        assert (_line(second), _line(third)) == ("waits first", "waits first second")
        queue = Turns(tmp_path, 1).queue()
        _end(first)
        assert _line(second) == "taken"
        told = _line(third)
        assert third.poll() is None
        _end(second)
        later = list(iter(lambda: _line(third), "taken"))

    assert {told, *later} == {"waits second"}  # told again when the second's turn has begun
    assert [(turn.claim.check, turn.workspace, turn.began_us is None) for turn in queue] == [
        ("first", "/srv/first", False), ("second", "/srv/second", True), ("third", "/srv/third", True),
    ]  # fmt: skip
    assert Turns(tmp_path, 1).queue() == ()


def _has_arrived(folder: Path, count: int) -> bool:
    """Wait until so many processes stand in line."""
    for _ in range(6_000):
        if len(Turns(folder, 1).queue()) == count:
            return True
        threading.Event().wait(0.01)
    return False


@pytest.mark.slow
def test_who_waits_is_told_for_whom_again_only_when_that_changes(tmp_path: Path) -> None:
    """The check, its workspace, its process and since when, each time that somebody ahead is done."""
    waits: list[Sequence[HostTurn]] = []
    turns = Turns(tmp_path, 1, "/srv/shop")
    with _claiming(tmp_path, 1, "pay") as holder:
        assert _line(holder) == "taken"
        with turns.taken(Claim("search", 60), on_wait=_ending(holder, waits)) as is_taken:
            assert is_taken

    ((ahead,),) = waits
    assert (ahead.claim, ahead.workspace, ahead.pid) == (Claim("pay", 60), "/srv/pay", holder.pid)
    assert ahead.began_us is not None
    assert ahead.began_us >= ahead.claimed_us


def _ending(holder: subprocess.Popen[str], waits: list[Sequence[HostTurn]]) -> Callable[[Sequence[HostTurn]], None]:
    """Return what keeps for whom one waits, and ends that process's turn."""

    def take(ahead: Sequence[HostTurn]) -> None:
        waits.append(ahead)
        _end(holder)

    return take


def test_a_turn_that_outlasts_its_limit_by_a_minute_is_waited_for_no_longer(tmp_path: Path) -> None:
    """Such as that of a process that somebody stopped: waiting is bounded by what those ahead may take."""
    now_s = [1_000.0]
    turns = Turns(tmp_path, 1, clock=lambda: now_s[0])
    waits: list[Sequence[HostTurn]] = []

    def pass_time(ahead: Sequence[HostTurn]) -> None:
        waits.append(ahead)
        now_s[0] += 91.0

    with turns.taken(Claim("stopped", 30)), turns.taken(Claim("next", 30), on_wait=pass_time) as is_taken:
        assert is_taken

    assert [[turn.claim.check for turn in ahead] for ahead in waits] == [["stopped"]]


@pytest.mark.slow
def test_as_many_as_allowed_at_a_time(tmp_path: Path) -> None:
    """With two turns, the second does not wait for the first."""
    with _claiming(tmp_path, 2) as holder:
        assert _line(holder) == "taken"
        with Turns(tmp_path, 2).taken():
            running = holder.poll() is None

    assert running


def test_who_gives_up_waiting_gets_no_turn(tmp_path: Path) -> None:
    """And does not wait any longer; whoever gives up before the turn is free takes it all the same."""
    given_up = threading.Event()
    given_up.set()

    with Turns(tmp_path, 1).taken(given_up=given_up) as is_free:
        with Turns(tmp_path, 1).taken(given_up=given_up) as is_taken:
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


def test_a_ticket_that_cannot_be_read_holds_its_place(tmp_path: Path) -> None:
    """What a full disk left of it says nothing, and those behind wait all the same."""
    waits: list[list[int]] = []
    turns = Turns(tmp_path, 1)
    with ExitStack() as stack:
        holding = ExitStack()
        holding.enter_context(turns.taken())
        next(tmp_path.glob("*.ticket")).write_text('{"turn": ')

        def leave(ahead: Sequence[HostTurn]) -> None:
            waits.append([turn.pid for turn in ahead])
            holding.close()

        assert stack.enter_context(turns.taken(on_wait=leave))

    assert waits == [[0]]
