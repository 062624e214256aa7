from __future__ import annotations

import struct

from outrider.charts import trend_picture

DAY_US = 86_400_000_000


def test_a_trend_is_a_png_of_the_same_size_with_and_without_trouble() -> None:
    at_us, values = list(range(0, DAY_US, DAY_US // 50)), [10.0] * 50

    calm = trend_picture(at_us, values, title="shop: pay")
    troubled = trend_picture(at_us, values, title="shop: pay", began_us=DAY_US // 2)

    assert calm.startswith(b"\x89PNG")
    assert struct.unpack(">II", calm[16:24]) == struct.unpack(">II", troubled[16:24])
    assert calm != troubled
