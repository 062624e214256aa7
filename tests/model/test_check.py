"""Checks and what people call them."""

from __future__ import annotations

import pytest

from outrider.model import Check, CheckId, Kind, Policy, title_of


@pytest.mark.parametrize(
    ("check", "title"),
    [
        ("journey:journeys/test_shop.py::test_buy_a_book", "buy a book"),
        ("journey:journeys/test_shop.py::test_buy[chromium]", "buy[chromium]"),
        ("journey:journeys/test_shop.py::TestCart::test_add", "add"),
        ("probe:probes/shop.toml::home_page", "home_page"),
        ("load:probes/shop_load.py", "probes/shop_load.py"),
        ("channel:mail", "mail"),
        ("bare", "bare"),
    ],
)
def test_a_check_without_a_title_has_one_made_of_its_id(check: str, title: str) -> None:
    """A message names what a person would name, not a path."""
    assert title_of(check) == title


def test_a_title_of_its_own_wins() -> None:
    """Whoever configures the check knows best."""
    check = Check(CheckId("probe:p.toml::home"), Kind.PROBE, "p.toml", "home", "home", Policy(title="Home page"))

    assert check.title == "Home page"
