"""The proof that runs visited their side."""

from __future__ import annotations

import pytest

from outrider.gate import Address, astray
from outrider.model import UsageError

HOSTS = ("http://pr.shop.test:81", "https://shop.test")
PATHS = ("https://shop.test/pr-17/", "https://shop.test")


@pytest.mark.parametrize(
    ("addresses", "urls", "words"),
    [
        (HOSTS, ["http://pr.shop.test:81/a?b", "https://cdn.test/x.js"], ""),
        (HOSTS, ["http://pr.shop.test:81"], ""),
        (HOSTS, ["HTTP://PR.shop.test:81/"], ""),
        (HOSTS, ["https://shop.test/a"], "never asked http://pr.shop.test:81 (it asked https://shop.test)"),
        (HOSTS, ["https://pr.shop.test/"], "never asked"),
        (HOSTS, [], "it asked nothing"),
        (HOSTS, ["data:text/html,x", "about:blank", "https://[", "blob:http://pr.shop.test:81/1"], "it asked nothing"),
        (HOSTS, [f"https://{number}.test/" for number in range(9)], "https://4.test and 4 more)"),
        (HOSTS, ["http://pr.shop.test:81/", "https://shop.test:443/api"], "asked https://shop.test too"),
        (PATHS, ["https://shop.test/pr-17/cart", "https://shop.test/pr-17"], ""),
        (PATHS, ["https://shop.test/pr-17/cart", "https://shop.test/pr-170"], "asked https://shop.test too"),
        (PATHS, ["https://shop.test/cart"], "never asked https://shop.test/pr-17"),
        (PATHS[::-1], ["https://shop.test/cart"], ""),
        (("https://a.test", "https://a.test/"), ["https://a.test/x"], ""),
        (("http://[::1]:8000", "http://[::1]:8001"), ["http://[::1]:8000/"], ""),
    ],
)
def test_the_wire_tells_which_side_was_visited(addresses: tuple[str, str], urls: list[str], words: str) -> None:
    """A journey with an address of its own compares nothing, and is told so."""
    own, other = map(Address.of, addresses)

    reason = astray(urls, own, other)

    assert words in reason
    assert bool(words) == bool(reason)


@pytest.mark.parametrize(
    "url", ["", "shop.test", "//shop.test", "ftp://shop.test", "https://", "https://a:b", "http://["]
)
def test_what_is_no_web_address_is_told_before_anything_runs(url: str) -> None:
    """The message shows how one looks."""
    with pytest.raises(UsageError, match="is no web address") as caught:
        Address.of(url)

    assert caught.value.slug == "bad-address"
