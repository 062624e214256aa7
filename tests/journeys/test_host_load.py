"""The load of the host: read from Linux's own files, or by psutil elsewhere, and the same either way."""

from __future__ import annotations

import os
import sys

import pytest

from outrider.journeys.host_load import HostWatch, _by_proc, _by_psutil


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
