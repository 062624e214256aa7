"""The journey that earns the money, with its steps named by the optional `step` fixture."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import Page, expect

DEFAULT_PASSWORD = "outrider-demo"


def test_checkout(page: Page, step: Callable[[str], AbstractContextManager[None]]) -> None:
    with step("open the shop"):
        page.goto("/")
        expect(page.get_by_role("heading", name="Things that last")).to_be_visible()

    with step("sign in"):
        page.get_by_role("link", name="Sign in").click()
        page.get_by_label("User name").fill("demo")
        page.get_by_label("Password").fill(os.environ.get("SHOP_PASSWORD", DEFAULT_PASSWORD))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Welcome, demo")).to_be_visible()

    with step("choose a product"):
        page.goto("/product/7")
        expect(page.get_by_test_id("price")).to_have_text("€ 21.90")
        page.get_by_role("button", name="Add to cart").click()

    with step("check the cart"):
        expect(page.get_by_test_id("total")).to_have_text("€ 21.90")
        page.get_by_role("link", name="Go to checkout").click()

    with step("pay"):
        page.get_by_label("Name on the parcel").fill("Ada")
        page.get_by_role("button", name="Pay").click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        expect(page.get_by_test_id("order")).not_to_be_empty()
