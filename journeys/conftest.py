"""Where the shop is, and how to sign in. Plain pytest-playwright: nothing here knows of Outrider."""

import os

import pytest
from playwright.sync_api import Page, expect

DEFAULT_PASSWORD = "outrider-demo"


@pytest.fixture(scope="session")
def base_url() -> str:
    return os.environ.get("SHOP_URL", "http://127.0.0.1:8700")


@pytest.fixture(autouse=True)
def patience(page: Page) -> None:
    """Give the shop ten seconds, not Playwright's thirty."""
    page.set_default_timeout(10_000)


@pytest.fixture
def signed_in(page: Page) -> Page:
    page.goto("/sign-in")
    page.get_by_label("User name").fill("demo")
    page.get_by_label("Password").fill(os.environ.get("SHOP_PASSWORD", DEFAULT_PASSWORD))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Welcome, demo")).to_be_visible()
    return page
