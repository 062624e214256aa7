"""A product page is right: price, stock, third party, and no script on it fails."""

from playwright.sync_api import Page, expect


def test_product_page(page: Page) -> None:
    exceptions: list[str] = []
    page.on("pageerror", lambda error: exceptions.append(str(error)))

    page.goto("/product/1")

    expect(page.get_by_test_id("price")).to_have_text("€ 14.90")
    expect(page.get_by_text("Rated 4.8 of 5")).to_be_visible()
    assert not exceptions, f"the page's scripts failed: {exceptions}"
    expect(page.get_by_role("status")).to_have_text("In stock")


def test_catalogue_and_api_agree(page: Page) -> None:
    page.goto("/")
    answer = page.request.get("/api/products")

    expect(answer).to_be_ok()
    shown = page.get_by_role("list", name="Products").get_by_role("listitem")
    expect(shown).to_have_count(len(answer.json()["products"]))
    page.get_by_role("button", name="Hide prices").click()
    expect(page.get_by_role("button", name="Show prices")).to_be_visible()
