"""Sign in with a password and a one-time code."""

import pyotp
from playwright.sync_api import Page, expect


def test_totp(page: Page, password: str, totp_secret: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email").fill("grace@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_label("One-time code").fill(pyotp.TOTP(totp_secret).now())
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Grace")
    expect(page.get_by_role("row", name="Order 1002")).to_contain_text("€43.00")
