"""The shop's most important path: sign in, find, add, check out, pay."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import Page, expect


def test_checkout(page: Page, password: str, step: Callable[[str], AbstractContextManager[object]]) -> None:
    with step("sign in"):
        page.goto("/sign-in")
        page.get_by_label("Email").fill("ada@example.com")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ada")

    with step("find product"):
        page.get_by_role("link", name="Catalogue").click()
        page.get_by_role("link", name="Two Rider Tent").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Two Rider Tent")

    with step("add to cart"):
        page.get_by_role("button", name="One more").click()
        page.get_by_role("button", name="Add to cart").click()
        expect(page.get_by_role("row", name="Total")).to_contain_text("€498.00")

    with step("check out"):
        page.get_by_role("link", name="Check out").click()
        page.get_by_label("Street").fill("1 Post Road")
        page.get_by_label("Town").fill("Milepost")

    with step("pay"):
        page.get_by_role("button", name="Pay €498.00").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Ada")
        expect(page.get_by_role("row", name="Total")).to_contain_text("€498.00")
