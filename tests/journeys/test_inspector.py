"""Debugging by plain pytest: nothing is opened here, since these tests make no page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from outrider.journeys.inspector import debug

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
import os

def test_good():
    assert os.environ["PWDEBUG"] == "1"
    assert os.environ["PYTEST_TIMEOUT"] == "0"
    assert os.environ["WORD"] == "word"
    assert os.path.exists("test_shop.py")

def test_bad():
    assert False

def test_state(browser_context_args):
    assert browser_context_args["storage_state"].endswith("customer.json")
"""


@pytest.mark.parametrize(("test", "code"), [("test_good", 0), ("test_bad", 1), ("test_gone", 4)])
def test_the_exit_code_says_how_it_ended(tmp_path: Path, test: str, code: int) -> None:
    """The test runs in the workspace itself, with its variables, without a time limit."""
    (tmp_path / "test_shop.py").write_text(TESTS)

    assert debug(f"test_shop.py::{test}", tmp_path, {**os.environ, "WORD": "word"}) == code


def test_contexts_start_from_a_stored_sign_in(tmp_path: Path) -> None:
    """The fixture wraps that of pytest-playwright."""
    (tmp_path / "test_shop.py").write_text(TESTS)

    assert debug("test_shop.py::test_state", tmp_path, os.environ, state=tmp_path / "customer.json") == 0
