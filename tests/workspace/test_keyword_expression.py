"""Expressions over the names of checks."""

from __future__ import annotations

import pytest

from outrider.model import UsageError
from outrider.workspace.keyword_expression import keyword_filter

PAY = "journey:journeys/test_shop.py::test_pay[eur] Slow"


@pytest.mark.parametrize(
    ("expression", "is_match"),
    [
        ("pay", True),
        ("PAY", True),
        ("slow", True),
        ("shop and pay", True),
        ("shop and search", False),
        ("search or pay", True),
        ("not search", True),
        ("not not pay", True),
        ("not (pay or search)", False),
        ("(search or pay) and not mobile", True),
        ("search or pay and mobile", False),
        ("test_pay[eur]", True),
    ],
)
def test_an_expression_is_read_as_pytest_reads_it(expression: str, *, is_match: bool) -> None:
    """Case does not matter, `and` binds closer than `or`."""
    assert keyword_filter(expression)(PAY) is is_match


@pytest.mark.parametrize("expression", ["", "and", "pay and", "(pay", "pay)", "pay search", "not", "()"])
def test_what_is_no_expression_says_so(expression: str) -> None:
    """With an example."""
    with pytest.raises(UsageError) as caught:
        keyword_filter(expression)

    assert caught.value.slug == "bad-expression"
