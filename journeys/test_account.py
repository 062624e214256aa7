"""Sign in, look at one's orders, sign out."""

from playwright.sync_api import Page, expect


def test_account(page: Page, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Ada")
    orders = page.get_by_role("table", name="Your newest orders").get_by_role("row")
    expect(orders.nth(1)).to_contain_text("€")

    page.goto("/orders/1001")
    expect(page.get_by_role("heading", level=1)).to_have_text("Order 1001")
    expect(page.get_by_role("row", name="Total")).to_contain_text("€38.50")

    page.get_by_role("link", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
