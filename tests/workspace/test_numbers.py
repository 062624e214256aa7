"""Numbers in configuration, as TOML writes them."""

from __future__ import annotations

import math

import pytest

from outrider.workspace import Refused, as_number, as_positive

HUGE = 10**400


@pytest.mark.parametrize("value", [HUGE, -HUGE, math.inf, math.nan])
def test_a_number_that_64_bits_cannot_hold_is_refused(value: float) -> None:
    """TOML has integers of any length."""
    for convert in (as_positive, as_number(0, 10)):
        with pytest.raises(Refused, match="is not finite"):
            convert(value)
