"""The API and the pages tell the same story."""

from playwright.sync_api import Page, expect

PATIENCE_MS = 5_000


def test_api(page: Page) -> None:
    health = page.request.get("/api/health", timeout=PATIENCE_MS)
    expect(health).to_be_ok()
    assert health.json()["status"] == "ok"

    listed = page.request.get("/api/products", params={"q": "map"}, timeout=PATIENCE_MS)
    expect(listed).to_be_ok()
    prices = {product["name"]: product["price"] for product in listed.json()["products"]}
    assert prices == {"Post Road Map": "€14.50", "Mountain Pass Map": "€16.50", "Map Case": "€43.00"}

    page.goto("/search?q=map")
    for name, price in prices.items():
        expect(page.get_by_role("main").get_by_role("listitem").filter(has_text=name)).to_contain_text(price)
