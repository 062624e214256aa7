"""Look around: from the home page to a product."""

from playwright.sync_api import Error, Page, expect


def test_browse(page: Page) -> None:
    script_errors: list[str] = []

    def note(error: Error) -> None:
        script_errors.append(error.message)

    page.on("pageerror", note)

    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Know the road before they take it")
    page.get_by_role("button", name="Surprise me").click()
    expect(page.get_by_role("status").get_by_role("link")).to_contain_text("€249.00")

    page.get_by_role("link", name="See the catalogue").click()
    expect(page.get_by_text("24 products")).to_be_visible()
    page.get_by_role("navigation", name="Kinds").get_by_role("link", name="Footwear").click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(3)

    page.get_by_role("link", name="Road Boots").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Road Boots")
    expect(page.get_by_role("paragraph").filter(has_text="€")).to_have_text("€189.00")
    page.get_by_role("button", name="One more").click()
    expect(page.get_by_role("status")).to_have_text("€378.00")

    assert not script_errors, f"the page's scripts failed: {script_errors}"
