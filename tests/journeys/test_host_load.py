"""The load of the host: read from Linux's own files, or by psutil elsewhere, and the same either way."""

from __future__ import annotations

import os
import sys

import pytest

from outrider.journeys.host_load import HostWatch, _by_proc, _by_psutil, _used_s


@pytest.mark.skipif(sys.platform != "linux", reason="the files are those of Linux")
def test_both_ways_of_reading_see_the_same() -> None:
    """Parents are equal; the seconds of this process, which runs on meanwhile, are nearly so."""
    by_proc = {pid: (parent, seconds) for pid, parent, seconds in _by_proc()}
    by_psutil = {pid: (parent, seconds) for pid, parent, seconds in _by_psutil()}

    me = os.getpid()
    assert by_proc[me][0] == by_psutil[me][0] == os.getppid()
    assert by_proc[me][1] == pytest.approx(by_psutil[me][1], abs=5)
    assert by_proc[me][1] > 0


def test_what_this_process_does_is_its_own() -> None:
    """Work between the two readings counts as ours."""
    watch = HostWatch()
    sum(number * number for number in range(1_000_000))

    load = watch.load()

    assert load.own_share > 0
    assert 0 <= load.other_share <= 1
    assert load.memory_available_bytes > 0


NEIGHBOUR, SHELL, CHILD, ORPHAN = 20, 30, 31, 40
PARENTS = {NEIGHBOUR: 1, SHELL: 1, CHILD: SHELL, ORPHAN: 1}


def test_a_process_that_ends_hides_nothing_of_what_its_neighbours_do() -> None:
    """Its times go to a parent that is not looked at, or to nobody: they are taken off nowhere."""
    assert _used_s({NEIGHBOUR: 5.0, ORPHAN: 90.0}, {NEIGHBOUR: 6.5}, PARENTS) == pytest.approx(1.5)


def test_what_a_parent_inherits_was_not_used_meanwhile() -> None:
    """Of the 8 seconds that its child brought along, 7 were used before the first reading."""
    assert _used_s({SHELL: 1.0, CHILD: 7.0}, {SHELL: 9.0}, PARENTS) == pytest.approx(1.0)
