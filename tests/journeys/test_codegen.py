"""What Playwright's recorder writes, as a journey."""

from __future__ import annotations

from outrider.journeys.codegen import confidential_lines, named_test

RECORDED = """import re
from playwright.sync_api import Page, expect


def test_example(page: Page) -> None:
    page.goto("https://shop.example/")
    page.get_by_role("textbox", name="User").fill("ann")
    page.get_by_role("textbox", name="Password").fill("hunter2")
    page.get_by_label("Card number").press_sequentially("4111")
    page.get_by_role("link", name="Forgot password?").click()
"""


def test_a_recorded_test_gets_the_name_that_was_asked_for() -> None:
    """And nothing else of it changes."""
    assert named_test(RECORDED, "checkout") == RECORDED.replace("test_example", "test_checkout")


def test_lines_in_which_something_confidential_is_typed_are_known() -> None:
    """By the name of the field: what is clicked is not typed."""
    assert confidential_lines(RECORDED) == (8, 9)
