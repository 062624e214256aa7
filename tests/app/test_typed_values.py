"""Values that people type are parsed, or refused with what to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from outrider.app import duration_s, master_address, moment_us, web_address

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30.0), ("1h30m", 5_400.0), ("250ms", 0.25), ("0s", 0.0)])
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    """Units stand from large to small."""
    assert duration_s(text) == seconds


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("2026-03-01", 1_772_323_200_000_000),
        ("2026-03-01T01:00:00+01:00", 1_772_323_200_000_000),
        ("1970-01-01T00:00:00.000001", 1),
    ],
)
def test_a_moment_without_a_zone_is_utc(text: str, us: int) -> None:
    """With one it is that of the zone."""
    assert moment_us(text) == us


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("load.example", ("load.example", 5557)),
        ("load.example:6000", ("load.example", 6000)),
        ("[::1]:6000", ("::1", 6000)),
    ],
)
def test_a_master_has_its_usual_port(text: str, address: tuple[str, int]) -> None:
    """Locust listens at 5557."""
    assert master_address(text) == address


def test_a_web_address_stays_as_it_is() -> None:
    """Nothing is normalised: a target may see the difference."""
    assert web_address("https://shop.example:8443/A?b=C") == "https://shop.example:8443/A?b=C"


@pytest.mark.parametrize(
    ("parse", "text", "advice"),
    [
        (duration_s, "5x", "write a number and a unit"),
        (duration_s, "", "write a number and a unit"),
        (moment_us, "yesterday", "write 2026-03-01T14:00:00+00:00"),
        (master_address, "load.example:0", "write host:port"),
        (master_address, "::1", "write host:port"),
        (web_address, "shop.example", "write it whole"),
        (web_address, "ftp://shop.example", "write it whole"),
        (web_address, "https://shop.example:port/", "write it whole"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(parse: Callable[[str], object], text: str, advice: str) -> None:
    """The message is all that a reader sees of it."""
    with pytest.raises(ValueError, match=re.escape(advice)) as caught:
        parse(text)

    assert text in str(caught.value)
