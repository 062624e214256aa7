"""What others serve on our pages: the reviews' script, style and badge."""

from playwright.sync_api import Page, expect


def test_third_party(page: Page) -> None:
    page.goto("/products/brass-compass")

    reviews = page.get_by_role("group", name="Reviews")
    expect(reviews).to_contain_text("reviews")
    expect(reviews.get_by_text("★")).to_have_css("font-weight", "700")

    badge = page.get_by_role("img", name="Rated by Waymark Reviews")
    expect(badge).to_be_visible()
    expect(badge).to_have_js_property("naturalWidth", 168)
