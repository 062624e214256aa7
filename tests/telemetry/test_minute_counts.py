"""How much keys and addresses may send within a minute."""

from __future__ import annotations

from outrider.model import KeyPurpose, ProjectKey
from outrider.telemetry.minute_counts import MinuteCounts

_KEY = ProjectKey("k" * 32, 1, KeyPurpose.BROWSER, 0, "ada", ("https://shop.example",), 30_000, 2)


def test_an_address_is_a_network_of_ipv6_and_each_kind_and_minute_counts_apart() -> None:
    """One client has 2^64 addresses of IPv6; what it sends of one kind takes nothing from another."""
    now_s = [60.0]
    counts = MinuteCounts(lambda: now_s[0])

    def sends(address: str, what: str = "") -> bool:
        limits = counts.limits(_KEY, address, what)
        if counts.reached(limits) is not None:
            return False
        counts.add(limits)
        return True

    taken = [sends(f"2001:db8::{number}") for number in range(3)]
    others = [sends("2001:db8:0:1::1"), sends("203.0.113.1"), sends("203.0.113.2"), sends("2001:db8::9", "replays")]
    now_s[0] = 120.0

    assert taken == [True, True, False]
    assert all(others)
    assert sends("2001:db8::7")


def test_a_key_has_its_limit_from_however_many_addresses() -> None:
    """Addresses are forgotten when there are too many, and what the key sent is not."""
    counts = MinuteCounts(lambda: 60.0)
    sent = 0
    for number in range(31_000):
        limits = counts.limits(_KEY, f"10.0.{number // 250}.{number % 250}")
        if counts.reached(limits) is None:
            counts.add(limits)
            sent += 1

    assert sent == _KEY.per_minute
