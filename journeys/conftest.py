"""Where the shop stands and how patient its journeys are."""

import os

import pytest
from playwright.sync_api import Page, expect

PATIENCE_MS = 5_000
# The demo's documented defaults; a real shop's secrets come from the environment only.
DEMO_PASSWORD = "outrider-demo"
DEMO_TOTP_SECRET = "OUTRIDERDEMOSHOPOUTRIDERDEMOSHOP"


@pytest.fixture(scope="session")
def base_url(pytestconfig: pytest.Config) -> str:
    # Replaces the plugin's fixture rather than asking it: pytest 9 warns about how pytest-playwright 0.10 defines it.
    return pytestconfig.getoption("base_url") or os.environ.get("SHOP_URL", "http://127.0.0.1:8700")


@pytest.fixture(autouse=True)
def patience(page: Page) -> None:
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=3_000)


@pytest.fixture
def password() -> str:
    return os.environ.get("SHOP_PASSWORD", DEMO_PASSWORD)


@pytest.fixture
def totp_secret() -> str:
    return os.environ.get("SHOP_TOTP_SECRET", DEMO_TOTP_SECRET)
