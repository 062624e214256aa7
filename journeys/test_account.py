"""Signing in, with a password alone and with a one-time code."""

import os

import pyotp
from playwright.sync_api import Page, expect

DEFAULT_PASSWORD = "outrider-demo"
DEFAULT_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_account(signed_in: Page) -> None:
    expect(signed_in.get_by_role("list", name="Orders")).to_be_visible()
    signed_in.get_by_role("button", name="Sign out").click()
    expect(signed_in.get_by_role("link", name="Sign in")).to_be_visible()


def test_sign_in_with_code(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("User name").fill("secure")
    page.get_by_label("Password").fill(os.environ.get("SHOP_PASSWORD", DEFAULT_PASSWORD))
    page.get_by_role("button", name="Sign in").click()
    code = pyotp.TOTP(os.environ.get("SHOP_TOTP_SECRET", DEFAULT_TOTP_SECRET)).now()
    page.get_by_label("One-time code").fill(code)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Welcome, secure")).to_be_visible()
