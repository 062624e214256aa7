"""Webhooks go to public addresses only, whatever form an address takes."""

from __future__ import annotations

import pytest

from outrider.alerts.network_guard import Guard

REFUSED = [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "::1", "::",
    "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "64:ff9b:1::8.8.8.8", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2002:0a00:0001::", "::127.0.0.1", "::8.8.8.8", "::10.0.0.1", "fec0::1", "feff::1",
    "2001:db8::1", "::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8", "2a00:1450::5efe:127.0.0.1",
    "2a00:1450::200:5efe:10.0.0.1", "3fff::1", "5f00::1", "192.0.0.192", "192.88.99.1", "2001:0:7f00:1::",
    "2001:0:808:808::80ff:fffe", "198.18.0.1", "240.0.0.1", "255.255.255.255", "fd00:ec2::254", "100::1",
    "::ffff:169.254.169.254", "64:ff9b::0.0.0.0",
]  # fmt: skip
ALLOWED = [
    "8.8.8.8",
    "2606:4700::1111",
    "2a00:1450::5efe:8.8.8.8",
    "2002:808:808::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_leads_into_a_local_network_is_refused(address: str) -> None:
    """Also where a translator would take an IPv4 address from it."""
    assert not Guard().allows(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_a_public_address_is_allowed(address: str) -> None:
    """Also through NAT64, by which hosts without IPv4 reach it."""
    assert Guard().allows(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3"])
def test_a_network_that_the_workspace_names_is_allowed(address: str) -> None:
    """In every form."""
    assert Guard(("10.0.0.0/8",)).allows(address)


def test_a_listed_network_of_another_version_allows_nothing() -> None:
    """IPv4 and IPv6 are compared without error."""
    assert not Guard(("10.0.0.0/8",)).allows("fec0::1")
    assert Guard(("fec0::/10",)).allows("fec0::1")
