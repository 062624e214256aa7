"""Search: find what is there, and be told what is not."""

from playwright.sync_api import Page, expect


def test_search(page: Page) -> None:
    page.goto("/")
    search = page.get_by_role("searchbox", name="Search the shop")

    search.fill("trail lantern")
    search.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “trail lantern”")
    results = page.get_by_role("main").get_by_role("listitem")
    expect(results).to_have_count(1)
    expect(results).to_contain_text("€48.00")

    search.fill("spaceship")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("0 products found")).to_be_visible()
    expect(page.get_by_role("link", name="the catalogue")).to_be_visible()
