"""A first journey: an ordinary pytest-playwright test. Replace the page by yours, with page.goto("https://…")."""

from playwright.sync_api import Page, expect

PAGE = """
<!doctype html>
<title>Guest book</title>
<h1>Guest book</h1>
<form onsubmit="event.preventDefault(); greeting.textContent = 'Welcome, ' + guest.value">
  <label>Your name <input id="guest"></label>
  <button>Sign</button>
</form>
<p id="greeting" role="status"></p>
"""


def test_sign_guest_book(page: Page) -> None:
    """Signing the guest book is answered by name."""
    page.set_content(PAGE)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_role("status")).to_have_text("Welcome, Ada")
