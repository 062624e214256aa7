"""Internal selectors read as the locators that a test wrote."""

from __future__ import annotations

import pytest

from outrider.journeys.locator_title import locator_title


@pytest.mark.parametrize(
    ("selector", "title"),
    [
        ("#pay", "#pay"),
        ("text=Next", "text=Next"),
        ('internal:text="Pay"i', 'get_by_text("Pay")'),
        ('internal:text="Pay"s', 'get_by_text("Pay", exact=True)'),
        ('internal:text="say \\"x\\" >> y"i', 'get_by_text("say \\"x\\" >> y")'),
        ("internal:text=/pay \\d+/i", 'get_by_text(re.compile(r"pay \\d+", re.IGNORECASE))'),
        ('internal:label="User"i', 'get_by_label("User")'),
        ("internal:role=heading", 'get_by_role("heading")'),
        ('internal:role=button[name="Pay"i]', 'get_by_role("button", name="Pay")'),
        ('internal:role=button[name="Pay"s]', 'get_by_role("button", name="Pay", exact=True)'),
        ("internal:role=heading[level=2]", 'get_by_role("heading", level=2)'),
        (
            "internal:role=checkbox[checked=true][include-hidden=true]",
            'get_by_role("checkbox", checked=True, include_hidden=True)',
        ),
        ('internal:attr=[placeholder="Search"i]', 'get_by_placeholder("Search")'),
        ('internal:attr=[alt="Logo"i]', 'get_by_alt_text("Logo")'),
        ('internal:attr=[title="Help"s]', 'get_by_title("Help", exact=True)'),
        ('internal:testid=[data-testid="cart"s]', 'get_by_test_id("cart")'),
        ('li >> internal:has-text="Lamp"i >> nth=0', 'locator("li").filter(has_text="Lamp").first'),
        ("li >> nth=-1", 'locator("li").last'),
        ("li >> nth=3", 'locator("li").nth(3)'),
        ("css=li >> visible=true", 'locator("li").filter(visible=True)'),
        (
            'li >> internal:has="internal:role=button[name=\\"Buy\\"i]"',
            'locator("li").filter(has=get_by_role("button", name="Buy"))',
        ),
        ('li >> internal:has-not="b"', 'locator("li").filter(has_not=locator("b"))'),
        ('b >> internal:or="i"', 'locator("b").or_(locator("i"))'),
        (
            '#f >> internal:control=enter-frame >> internal:label="Card"i',
            'locator("#f").content_frame.get_by_label("Card")',
        ),
        ('#a >> internal:describe="the basket"', 'locator("#a")'),
        ("ul >> li:has-text('a >> b') >> i", 'locator("ul").locator("li:has-text(\'a >> b\')").locator("i")'),
        ("text=Don't >> b", 'locator("text=Don\'t").locator("b")'),
        ("internal:unheard=of", 'locator("internal:unheard=of")'),
        ("internal:role=[", 'get_by_role("")'),
        ("internal:attr=damaged", 'locator("damaged")'),
        ("", ""),
    ],
)
def test_a_selector_reads_as_its_test_wrote_it(selector: str, title: str) -> None:
    """What is damaged or not known stays readable."""
    given = selector

    actual = locator_title(given)

    assert actual == title
