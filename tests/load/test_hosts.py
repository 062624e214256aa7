from __future__ import annotations

import pytest

from outrider.load import is_allowed

ALLOWED = ("shop.example", "*.staging.example", "192.0.2.0/28", "2001:db8::/32", "198.51.100.7")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("SHOP.example.", True),
        ("api.staging.example", True),
        ("staging.example", False),
        ("evil-shop.example", False),
        ("shop.example.evil.test", False),
        ("192.0.2.15", True),
        ("192.0.2.16", False),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("198.51.100.7", True),
        ("", False),
    ],
)
def test_a_load_goes_only_where_it_may(host: str, *, expected: bool) -> None:
    assert is_allowed(host, ALLOWED) is expected
