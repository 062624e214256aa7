from __future__ import annotations

import struct
from typing import Any

import pytest

from outrider.charts import Trend, band_picture, trend_picture

DAY_US = 86_400_000_000


@pytest.mark.slow
def test_a_trend_is_a_png_of_the_same_size_with_and_without_trouble() -> None:
    at_us, values = list(range(0, DAY_US, DAY_US // 50)), [10.0] * 50

    calm = trend_picture(at_us, values)
    troubled = trend_picture(at_us, values, began_us=DAY_US // 2)

    assert calm.startswith(b"\x89PNG")
    assert struct.unpack(">II", calm[16:24]) == struct.unpack(">II", troubled[16:24])
    assert calm != troubled
    assert calm != trend_picture(at_us, values, timezone="Asia/Kolkata")


def test_a_trend_for_mail_shows_its_band_and_takes_names_for_text() -> None:
    at_us = list(range(0, DAY_US * 5, DAY_US // 4))
    values = [10.0] * len(at_us)
    names: dict[str, Any] = {
        "changes": [(DAY_US, "pay: +30%")],
        "releases": [(DAY_US, "$\\\\frac{1")],
        "days": [(0, "1 Jan")],
    }

    plain = band_picture(Trend("$x^{<script>", at_us, values))
    full = band_picture(
        Trend("$x^{<script>", at_us, values, [5.0] * len(at_us), [15.0] * len(at_us), since_us=DAY_US * 3, **names)
    )

    assert plain.startswith(b"\x89PNG")
    assert full.startswith(b"\x89PNG")
    assert plain != full
