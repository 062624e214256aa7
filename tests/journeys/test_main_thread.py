"""What pages say of their main threads, which can be anything."""

from __future__ import annotations

from outrider.journeys.main_thread import main_thread_work


def test_what_a_page_reports_in_another_form_is_left_out() -> None:
    """Any script of the page may call what takes it, also with numbers that no float holds."""
    good = ["script", "https://shop.example/app.js?a=1", 5, 65]
    odd = [
        ["script", 5, 1, 2],
        ["layout", "", 10**400, 10**400 + 1],
        ["fork", "", 1, 2],
        ["task", "", 2, 1],
        [["task"]],
        5,
    ]

    work = main_thread_work([{"origin_ms": 1_000, "work": [good, *odd]}, {"work": [good]}, {"work": "x"}])

    assert work == [("script", "", 1_001.0, 1.0), ("script", "https://shop.example/app.js", 1_005.0, 60.0)]
