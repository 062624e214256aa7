"""Where a request comes from: what is believed of its headers, and what counts as this machine."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from outrider.server.client_origin import ClientOrigin, is_loopback, networks_of, origin_of

TRUSTED = networks_of(["10.0.0.0/8", "fd00::/8"])


def request(peer: str | None, version: str = "1.1", **headers: str) -> Request:
    named = {"host": "localhost:8710", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": version,
        "client": None if peer is None else (peer, 1234),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    return Request(scope)


def origin(peer: str | None, version: str = "1.1", **headers: str) -> ClientOrigin:
    return origin_of(request(peer, version, **headers), TRUSTED, is_loopback=True)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "203.0.113.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "nonsense, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("fd00::1", "203.0.113.7", "203.0.113.7"),
        ("192.0.2.1", "203.0.113.7", "192.0.2.1"),
        ("127.0.0.1", "203.0.113.7", "127.0.0.1"),
        ("nonsense", "203.0.113.7", "unknown"),
        (None, "203.0.113.7", "unknown"),
    ],
)
def test_a_client_is_the_last_address_that_no_trusted_proxy_has(
    peer: str | None, forwarded: str, expected: str
) -> None:
    """What a client writes itself stands before it; who is no trusted proxy is the client."""
    assert origin(peer, x_forwarded_for=forwarded).address == expected


@pytest.mark.parametrize(
    ("peer", "proto", "is_encrypted"),
    [
        ("10.0.0.1", "https", True),
        ("10.0.0.1", "HTTPS", True),
        ("10.0.0.1", "http, https", True),
        ("10.0.0.1", "https, http", False),
        ("10.0.0.1", "httpsx", False),
        ("192.0.2.1", "https", False),
        ("127.0.0.1", "https", False),
    ],
)
def test_only_a_trusted_proxy_says_that_a_client_speaks_tls(peer: str, proto: str, *, is_encrypted: bool) -> None:
    """Of several words, the one of the nearest proxy."""
    assert origin(peer, x_forwarded_proto=proto).is_encrypted is is_encrypted


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True),
        ("LOCALHOST:8710", True),
        ("localhost.", True),
        ("shop.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10:80", True),
        ("[::1]:8710", True),
        ("[::ffff:127.0.0.1]", True),
        ("", False),
        ("[", False),
        ("192.0.2.1", False),
        ("0.0.0.0", False),
        ("localhost.evil.example", False),
        ("evillocalhost", False),
        ("monitor.example", False),
    ],
)
def test_only_a_name_of_this_machine_is_local(host: str, *, is_local: bool) -> None:
    """A proxy that hands on the name that it was called by shows itself."""
    assert origin("127.0.0.1", host=host).is_local is is_local


def test_who_shows_a_proxy_is_not_local() -> None:
    """By its headers, by HTTP/1.0, by a peer elsewhere, or by the address that the server listens at."""
    assert origin("127.0.0.1").is_local
    assert origin("::1").is_local
    assert not origin("127.0.0.1", "1.0").is_local
    assert not origin("192.0.2.1").is_local
    assert not origin("10.0.0.1").is_local
    assert not origin_of(request("127.0.0.1"), TRUSTED, is_loopback=False).is_local
    assert not origin_of(request("127.0.0.1"), networks_of(["127.0.0.1"]), is_loopback=True).is_local


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("monitor.example", False),
        ("", False),
    ],
)
def test_a_server_on_loopback_is_reached_from_this_machine_only(host: str, *, expected: bool) -> None:
    """By the address that it listens at."""
    assert is_loopback(host) is expected
