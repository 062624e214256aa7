"""Coverage traces the tests that are cheap, and no other."""

from __future__ import annotations

import os
import sys

import pytest
from coverage import Coverage


def _traces() -> bool:
    return Coverage.current() is not None and "COVERAGE_PROCESS_CONFIG" in os.environ


@pytest.mark.slow
def test_a_costly_test_and_what_it_starts_are_not_traced() -> None:
    """Neither in this process nor in a program that it starts."""
    assert sys.gettrace() is None
    assert not _traces()


def test_a_cheap_test_after_it_is_traced_again() -> None:
    """Wherever coverage is measured at all."""
    assert _traces() == (Coverage.current() is not None)
