"""Variables within texts."""

from __future__ import annotations

import pytest

from outrider.workspace.secrets import Secrets
from outrider.workspace.tables import Refused
from outrider.workspace.text_templates import Variables, read_template

KNOWN = {"URL": "http://shop", "EMPTY": "", "ODD": "a${URL}b"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${URL}/a", "http://shop/a"),
        ("${URL}${URL}", "http://shophttp://shop"),
        ("${NONE:-else}/a", "else/a"),
        ("${NONE:-}", ""),
        ("${EMPTY:-else}", ""),
        ("$.items[0]", "$.items[0]"),
        ("$${URL}", "${URL}"),
        ("costs $5", "costs $5"),
        ("${ODD}", "a${URL}b"),
        ("${later}-${URL}", "now-http://shop"),
    ],
)
def test_variables_are_filled(text: str, filled: str) -> None:
    """Known ones at once and once only, later ones when they are known."""
    template = read_template(text, KNOWN, {"later"})

    assert template.fill({"later": "now"}) == filled


@pytest.mark.parametrize(("text", "slug"), [("${NONE}", "unknown-variable"), ("${a-b}", "wrong-type")])
def test_what_cannot_be_filled_is_refused(text: str, slug: str) -> None:
    """A text with a hole in it is never sent."""
    with pytest.raises(Refused) as refused:
        read_template(text, KNOWN)

    assert refused.value.slug == slug


def test_what_is_filled_later_hides_what_is_known() -> None:
    """An extracted value wins over the environment."""
    assert read_template("${URL}", KNOWN, {"URL"}).names == {"URL"}


def test_a_template_does_not_show_what_it_holds() -> None:
    """It may hold a secret."""
    assert "shop" not in repr(read_template("${URL}", KNOWN))


@pytest.mark.parametrize(
    ("name", "advice"),
    [("NOPE", "known: SHOP_URL"), ("SHOP_ULR", 'did you mean "SHOP_URL"?'), ("AWS_CA_BUNDEL", 'mean "AWS_CA_BUNDLE"?')],
)
def test_an_unknown_variable_is_answered_with_the_declared_ones_only(name: str, advice: str) -> None:
    """The environment of the machine is nobody's list of choices; a near misspelling of one of its names is found."""
    variables = Variables({"AWS_CA_BUNDLE": "x", "HOME": "/"}, {"SHOP_URL": "https://shop.example"}, Secrets({}))

    with pytest.raises(Refused) as refused:
        read_template(f"${{{name}}}", variables)

    assert str(refused.value.fix).endswith(advice)
