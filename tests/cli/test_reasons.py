"""The reason of a run says what is needed to act: causes of exceptions, dialogs, and how a process ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

SETTINGS = """
[journeys]
starved_above = 1.0
[defaults]
timeout = "20s"
retries = 0
"""
CONFTEST = """
import sys, warnings
print("a warning at start-up", file=sys.stderr)
warnings.warn("an old interface is deprecated", DeprecationWarning)
"""
JOURNEYS = """
import os, sys
import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout, expect

SHOP = "<h1>Shop</h1><button onclick=\\"alert('Sold out')\\">Buy</button>"
QUICK = dict(timeout=300)

class PaymentError(Exception): pass

@pytest.fixture(autouse=True)
def shop(page): page.set_content(SHOP)

def pay(page, kind, **how):
    try:
        page.get_by_text("Paid").click(**QUICK)
    except PlaywrightTimeout as error:
        raise kind from (error if how["cause"] else None)

def test_exits(page): os._exit(3)
def test_exits_with_words(page, capfd):
    with capfd.disabled(): os.write(2, b"no licence\\n")
    os._exit(4)
def test_aborts(page): os.abort()

@pytest.fixture
def ends(page):
    yield
    os._exit(5)

def test_fails_and_ends(page, ends): expect(page.locator("h1")).to_have_text("Sale", **QUICK)
def test_passes_and_ends(page, ends): pass
def test_quits(page): raise SystemExit(None)
def test_interrupts(page): raise KeyboardInterrupt
def test_bare(page): raise PaymentError
def test_raises_from(page): pay(page, PaymentError("not paid"), cause=True)
def test_raises_from_without_words(page): pay(page, PaymentError, cause=True)
def test_raises_from_none(page): pay(page, PaymentError("not paid"), cause=False)
def test_asserts_from(page): pay(page, AssertionError("not paid"), cause=True)
def test_raises_meanwhile(page):
    try: {}["total"]
    except KeyError: int("?")
def test_asserts_without_words(page): assert page.title() == "Shop"

def buy(page, answer):
    if answer: page.on("dialog", answer)
    page.get_by_text("Buy").click()
    expect(page.get_by_text("Thanks")).to_be_visible(**QUICK)

def test_dialog_accepted(page): buy(page, lambda dialog: dialog.accept())
def test_dialog_dismissed(page): buy(page, lambda dialog: dialog.dismiss())
def test_dialog_left(page): buy(page, None)
"""
EXPECTED = """
import pytest

@pytest.mark.xfail(run=False)
def test_expected(): assert False
"""
TIMEOUT = "TimeoutError: Locator.click: Timeout 300ms exceeded."
REASONS = {
    "exits": "the journey worker ended unexpectedly with exit code 3: it printed nothing",
    "exits_with_words": "the journey worker ended unexpectedly with exit code 4: its last output:\nno licence",
    "fails_and_ends": "Locator expected to have text 'Sale' (actual value: Shop) (step: ",
    "passes_and_ends": "the journey worker ended unexpectedly with exit code 5: it printed nothing",
    "quits": "SystemExit (journeys/test_reasons.py:",
    "expected": "it is expected to fail, and did not run",
    "aborts": "the journey worker ended unexpectedly by SIGABRT: ",
    "interrupts": "KeyboardInterrupt (journeys/test_reasons.py:",
    "bare": "PaymentError (journeys/test_reasons.py:",
    "raises_from": f"PaymentError: not paid, from {TIMEOUT} (journeys/test_reasons.py:",
    "raises_from_without_words": f"PaymentError: from {TIMEOUT} (journeys/test_reasons.py:",
    "raises_from_none": "PaymentError: not paid (journeys/test_reasons.py:",
    "asserts_from": f"not paid, from {TIMEOUT} (step: ",
    "raises_meanwhile": "ValueError: invalid literal for int() with base 10: '?', from KeyError: 'total' (",
    "asserts_without_words": "assert '' == 'Shop' (journeys/test_reasons.py:",
    "dialog_accepted": 'alert dialog "Sold out" was accepted; then: ',
    "dialog_dismissed": 'alert dialog "Sold out" was dismissed; then: ',
    "dialog_left": 'alert dialog "Sold out" was not answered; then: ',
}
SKIPPED = {"expected"}
FAILED = {
    "fails_and_ends",
    "asserts_from",
    "asserts_without_words",
    "dialog_accepted",
    "dialog_dismissed",
    "dialog_left",
}


@pytest.fixture(scope="module")
def runs(desk: Desk) -> dict[str, Any]:
    desk.write("outrider.toml", SETTINGS)
    desk.write("journeys/conftest.py", CONFTEST)
    desk.write("journeys/test_reasons.py", JOURNEYS)
    desk.write("journeys/test_expected.py", EXPECTED)
    return desk.run()


@pytest.mark.parametrize("name", REASONS)
def test_a_reason_says_what_happened(runs: dict[str, Any], name: str) -> None:
    """Nothing that was there before the test began is quoted, and no line of source that only says `raise`."""
    run = runs[f"test_{name}"]

    assert run["reason"].startswith(REASONS[name])
    outcome = "failed" if name in FAILED else "skipped" if name in SKIPPED else "setup error"
    assert run["outcome"] == outcome
    assert "warning at start-up" not in run["reason"]
