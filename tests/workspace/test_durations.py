"""Durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.workspace import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("500ms", 0.5),
        ("1d", 86_400.0),
        ("1w2d", 777_600.0),
        ("1.5s", 1.5),
        ("250us", 0.00025),
        ("1m500ms", 60.5),
        ("0s", 0.0),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, seconds: float) -> None:
    """Each unit counts once, from large to small."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "5x", "m", "-5s", "5 s", "s5", "30s1m", "1m1m", "1,5s", ".5s", "1e3s", "٣s", "5S", "5s\n", "∞"]
)
def test_anything_else_is_refused(text: str) -> None:
    """A number alone, an unknown unit, blanks, signs and a wrong order are no durations."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**16))
def test_what_is_formatted_parses_to_the_same(microseconds: int) -> None:
    """Formatting loses nothing down to the microsecond."""
    seconds = microseconds / 1_000_000

    text = format_duration(seconds)

    assert round(parse_duration(text) * 1_000_000) == round(seconds * 1_000_000)


@given(st.text(alphabet="0123456789.wdhmsu ", max_size=12))
def test_no_text_breaks_the_parser(text: str) -> None:
    """A text is a duration that is not negative, or it is refused."""
    try:
        seconds = parse_duration(text)
    except ValueError:
        return

    assert seconds >= 0


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_what_is_no_length_of_time_is_not_formatted(seconds: float) -> None:
    """Negative and infinite lengths are mistakes of the caller."""
    with pytest.raises(ValueError, match="is not a length of time"):
        format_duration(seconds)
