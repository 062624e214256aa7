"""Forms of numbers and dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from outrider.model import LOCALES, date, locale, number, using_locale

SUNDAY = datetime(2026, 11, 29, 7, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("en", ["1,234,567.9", "Sun 29 Nov 2026 07:30", "Sun 29 Nov 07:30", "29 Nov", "2026-11-29 07:30:05 UTC"]),
        ("de", ["1.234.567,9", "So 29.11.2026, 07:30", "So 29. Nov., 07:30", "29. Nov.", "29.11.2026, 07:30:05 UTC"]),
    ],
)
def test_numbers_and_dates_have_the_forms_of_the_locale(name: str, written: list[str]) -> None:
    with using_locale(name):
        forms = locale()
        dates = [date(SUNDAY, form) for form in (forms.moment, forms.day_time, forms.day, forms.exact)]

        assert [number(1_234_567.89, ",.1f"), *dates] == written

    assert locale().name == "en"


def test_each_locale_names_every_day_and_month_once() -> None:
    for forms in LOCALES.values():
        assert (len(set(forms.weekdays)), len(set(forms.months)), len(forms.axis)) == (7, 12, 6)


def test_a_march_in_german_is_no_abbreviation() -> None:
    with using_locale("de"):
        assert date(SUNDAY + timedelta(days=100), locale().day) == "9. März"
