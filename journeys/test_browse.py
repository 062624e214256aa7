"""From the catalogue to a product, and back by search."""

from playwright.sync_api import Page, expect


def test_browse(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("list", name="Products").get_by_role("listitem")).to_have_count(8)
    page.get_by_role("link", name="Pocket lamp").click()
    expect(page.get_by_role("heading", name="Pocket lamp")).to_be_visible()
    expect(page.get_by_test_id("price")).to_have_text("€ 24.50")


def test_search(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Search the shop").fill("oak")
    page.get_by_label("Search the shop").press("Enter")
    expect(page.get_by_role("heading", name="Results for")).to_contain_text("oak")
    expect(page.get_by_role("list", name="Products").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("list", name="Products")).to_contain_text("Oak board")
