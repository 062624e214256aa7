"""Processes that are ours are found wherever they go, and nothing else is ever touched."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outrider.journeys.processes import (
    VARIABLE,
    Process,
    choose,
    claim_folder,
    find_marked,
    kill_marked,
    new_mark,
    parse_mark,
    reap_orphans,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Starter = Callable[[str, str], subprocess.Popen[bytes]]

WAIT = "import threading; print(1, flush=True); threading.Event().wait(60)"
ESCAPE = """
import os, threading
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(1, flush=True)
        threading.Event().wait(60)
    os._exit(0)
os.wait()
"""
HIDE = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], env={})
child.wait()
"""


def row(pid: int, parent: int = 1, group: int = 0, mark: str = "") -> Process:
    return Process(pid, parent, group or pid, 1, mark)


@pytest.fixture
def start() -> Iterator[Starter]:
    """Start Python code under a mark; it prints a line when it is ready. It is gone after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(code: str, mark: str) -> subprocess.Popen[bytes]:
        environ = {**os.environ, VARIABLE: mark}
        process = subprocess.Popen([sys.executable, "-c", code, WAIT], env=environ, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.mark.parametrize(
    ("rows", "spare", "expected"),
    [
        ([row(10, mark="m"), row(11, mark="other"), row(12)], (), {10}),
        ([row(10, mark="m"), row(11, parent=10), row(12, parent=11)], (), {10, 11, 12}),
        ([row(10, mark="m"), row(11, parent=1, group=10)], (), {10, 11}),
        ([row(10, group=5, mark="m"), row(11, group=5), row(5)], (), {10}),
        ([row(10, group=5, mark="m"), row(11, group=5)], (), {10}),
        ([row(10, mark="m"), row(11, parent=10, mark="m")], (11,), {10}),
    ],
    ids=["its mark", "descent", "group of a marked leader", "a stranger's group", "a dead leader's group", "spared"],
)
def test_what_is_ours_is_told_by_mark_descent_and_group(
    rows: list[Process], spare: tuple[int, ...], expected: set[int]
) -> None:
    """A process is ours by its mark, its ancestors, or a marked leader of its group, and never by less."""
    chosen = choose(tuple(rows), lambda mark: mark == "m", spare=frozenset(spare))

    assert {process.pid for process in chosen} == expected


@pytest.mark.parametrize("code", [WAIT, ESCAPE, HIDE], ids=["plain", "fork and setsid", "empty environment"])
def test_a_process_cannot_escape_its_mark(start: Starter, code: str) -> None:
    """A child that leaves its session, or clears its environment, is still found and killed."""
    mark = new_mark()
    start(code, mark)
    processes = find_marked(mark)

    left = kill_marked(mark)

    assert processes
    assert left == ()
    assert find_marked(mark) == ()


def test_other_marks_are_left_alone(start: Starter) -> None:
    """Killing one mark does not touch a process under another, however alike the marks are."""
    mark = new_mark()
    neighbour = start(WAIT, f"{mark}0")
    start(WAIT, mark)

    kill_marked(mark)

    assert neighbour.poll() is None
    assert len(find_marked(f"{mark}0")) == 1


@pytest.mark.slow
def test_the_caller_is_never_among_the_found() -> None:
    """A process that carries the mark itself may clean up below it and lives on."""
    mark = new_mark()
    code = f"""
import subprocess, sys
from outrider.journeys.processes import find_marked, kill_marked
child = subprocess.Popen([sys.executable, "-c", {WAIT!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(len(find_marked({mark!r})), len(kill_marked({mark!r})), child.wait())
"""

    output = subprocess.check_output([sys.executable, "-c", code], env={**os.environ, VARIABLE: mark}, text=True)

    assert output.split() == ["1", "0", "-9"]


def test_a_mark_names_its_owner() -> None:
    """The owner of a mark made here is this process, alive."""
    owner = parse_mark(new_mark())

    assert owner is not None
    assert owner.pid == os.getpid()
    assert owner.is_alive()


@pytest.mark.parametrize("mark", ["", "x", "outrider-1-2-3", "outrider-a-2-s-t", "outrider-1-b-s-t"])
def test_what_is_no_mark_is_refused(mark: str) -> None:
    """Text that names no owner gives none, so that nothing is reaped by mistake."""
    owner = parse_mark(mark)

    assert owner is None


@pytest.mark.parametrize(
    ("changed", "alive"),
    [({}, True), ({2: "1"}, False), ({1: "999999999"}, False), ({1: "999999999", 3: "pid4"}, True)],
    ids=["the owner", "a reused id", "no such process", "another namespace"],
)
def test_an_owner_is_alive_only_if_it_is_the_same_process(changed: dict[int, str], alive: bool) -> None:
    """A reused process id is not its owner; an owner that we cannot see is taken to be alive."""
    parts = new_mark().split("-")
    for position, value in changed.items():
        parts[position] = value
    owner = parse_mark("-".join(parts))

    assert owner is not None
    assert owner.is_alive() is alive


def test_a_claimed_folder_bears_its_mark(tmp_path: Path) -> None:
    """The folder of a mark is found again by name."""
    mark, folder = claim_folder(tmp_path)

    assert folder == tmp_path / mark
    assert folder.is_dir()


def test_orphans_and_their_folders_are_reaped(start: Starter, tmp_path: Path) -> None:
    """What a dead owner left is ended and removed; what a live owner has stays, as does what was claimed elsewhere."""
    parts = new_mark().split("-")
    dead = "-".join([parts[0], parts[1], "1", *parts[3:]])
    alive = new_mark()
    elsewhere = f"{dead}f"
    orphan, ours, foreign = (start(WAIT, mark) for mark in (dead, alive, elsewhere))
    for name in (dead, alive, "outrider-notes"):
        (tmp_path / name / "tmp").mkdir(parents=True)

    reaped = reap_orphans(tmp_path)

    assert reaped == 1
    assert orphan.wait() == -9
    assert (ours.poll(), foreign.poll()) == (None, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive, "outrider-notes"])
