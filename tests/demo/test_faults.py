"""Each fault, on and off, as a visitor meets it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx
    from demo.origins import Origins
    from starlette.types import Message, Scope
    from tests.demo.conftest import Outside


@pytest.mark.parametrize("path", ["/", "/products", "/search?q=map", "/products/enamel-mug", "/api/products"])
def test_a_slow_query_delays_whatever_reads_the_catalogue(
    shop: httpx.Client, origins: Origins, outside: Outside, path: str
) -> None:
    """Pages and API that read products wait once for as long as the fault is large."""
    origins.board.switch_on("slow-query", 250)
    shop.get(path)
    origins.board.switch_off("slow-query")
    shop.get(path)

    assert outside.naps_s == [0.25]


def test_a_slow_query_leaves_other_pages_alone(shop: httpx.Client, origins: Origins, outside: Outside) -> None:
    """Sign-in, pictures and an empty cart read no products."""
    origins.board.switch_on("slow-query", 250)

    for path in ("/sign-in", "/cart", "/static/shop.css", "/static/art/enamel-mug.svg"):
        assert shop.get(path).status_code == 200

    assert outside.naps_s == []


def test_a_list_asks_for_each_of_its_products(shop: httpx.Client, origins: Origins, outside: Outside) -> None:
    """One query for the list and one for each product of it; a single product is one query as ever."""
    origins.board.switch_on("n-plus-one", 20)
    products = shop.get("/api/products").json()["products"]
    of_list = len(outside.naps_s)
    shop.get("/api/products/enamel-mug")

    assert (of_list, len(outside.naps_s)) == (len(products) + 1, len(products) + 2)


def test_a_slow_third_party_delays_its_own_origin_only(
    shop: httpx.Client, third_party: httpx.Client, origins: Origins, outside: Outside
) -> None:
    """The shop itself answers as fast as ever."""
    origins.board.switch_on("slow-third-party", 1500)
    shop.get("/")
    before = list(outside.naps_s)
    third_party.get("/badge.svg")
    third_party.get("/reviews/enamel-mug.json")
    origins.board.switch_off("slow-third-party")
    third_party.get("/badge.svg")

    assert before == []
    assert outside.naps_s == [1.5, 1.5]


def test_errors_hit_their_share_of_requests(shop: httpx.Client, origins: Origins, outside: Outside) -> None:
    """A request fails if what was drawn lies below the share."""
    origins.board.switch_on("errors", 0.3)

    outside.drawn = 0.29
    unlucky = [shop.get("/"), shop.get("/api/health")]
    outside.drawn = 0.3
    lucky = [shop.get("/"), shop.get("/api/health")]

    assert [answer.status_code for answer in unlucky + lucky] == [500, 500, 200, 200]
    assert "Something went wrong" in unlucky[0].text
    assert unlucky[1].json() == {"error": "something went wrong"}


def test_errors_spare_files(shop: httpx.Client, origins: Origins) -> None:
    """Style sheets and pictures stand for a CDN, which does not fail with the shop."""
    origins.board.switch_on("errors", 1)

    assert shop.get("/").status_code == 500
    assert shop.get("/static/shop.css").status_code == 200


def test_a_broken_button_does_nothing(ada: httpx.Client, origins: Origins) -> None:
    """The pay button looks the same but submits nothing."""
    ada.post("/cart", data={"product": "enamel-mug", "quantity": "1"})
    origins.board.switch_on("broken-button")
    broken = ada.get("/checkout").text
    origins.board.switch_off("broken-button")
    mended = ada.get("/checkout").text

    assert '<button type="button">Pay €12.00</button>' in broken
    assert '<button type="submit">Pay €12.00</button>' in mended


def test_a_payment_that_raises_orders_nothing(ada: httpx.Client, origins: Origins) -> None:
    """The shop says so on a page, and the cart stays."""
    address = {"recipient": "Ada", "street": "1 Post Road", "city": "Milepost"}
    ada.post("/cart", data={"product": "enamel-mug", "quantity": "1"})
    origins.board.switch_on("payment-error")
    broken = ada.post("/checkout", data=address)
    origins.board.switch_off("payment-error")
    mended = ada.post("/checkout", data=address, follow_redirects=True)

    assert (broken.status_code, "nothing was ordered" in broken.text) == (502, True)
    assert (mended.status_code, "Thank you, Ada" in mended.text) == (200, True)


def test_a_script_error_stands_on_the_product_page_only(shop: httpx.Client, origins: Origins) -> None:
    """The product page reads a property of what does not exist."""
    origins.board.switch_on("script-error")
    product, home = shop.get("/products/enamel-mug").text, shop.get("/").text
    origins.board.switch_off("script-error")
    mended = shop.get("/products/enamel-mug").text

    assert "window.warehouse.stock" in product
    assert "window.warehouse.stock" not in home + mended


@pytest.mark.parametrize(("percent", "price"), [(10, "€52.80"), (-50, "€24.00"), (500, "€288.00")])
def test_a_wrong_price_is_wrong_everywhere(ada: httpx.Client, origins: Origins, percent: float, price: str) -> None:
    """Pages, search, cart, checkout and API agree on the wrong price, and agree again on the right one."""
    ada.post("/cart", data={"product": "trail-lantern", "quantity": "1"})
    paths = ("/products/trail-lantern", "/search?q=trail+lantern", "/cart", "/checkout", "/api/products/trail-lantern")
    origins.board.switch_on("wrong-price", percent)
    wrong = [ada.get(path).text for path in paths]
    origins.board.switch_off("wrong-price")
    right = [ada.get(path).text for path in paths]

    assert all(price in page and "€48.00" not in page for page in wrong)
    assert all("€48.00" in page and price not in page for page in right)


def test_a_wrong_price_leaves_old_orders_alone(ada: httpx.Client, origins: Origins) -> None:
    """An order keeps the price of its day."""
    origins.board.switch_on("wrong-price", 10)

    assert "€38.50" in ada.get("/orders/1001").text


def test_a_drift_grows_with_the_hours_since_it_was_switched_on(
    shop: httpx.Client, origins: Origins, outside: Outside
) -> None:
    """Every request waits size x hours; switching on again starts anew."""
    outside.passed_s = 5000
    origins.board.switch_on("slow-drift", 100)
    shop.get("/sign-in")
    outside.passed_s += 3600
    shop.get("/sign-in")
    outside.passed_s += 9 * 3600
    shop.get("/sign-in")
    origins.board.switch_on("slow-drift", 100)
    shop.get("/sign-in")

    assert outside.naps_s == [0.1, 1.0]


def test_a_request_that_hangs_is_never_answered(origins: Origins) -> None:
    """Nothing is sent, and the request ends when its client leaves."""
    origins.board.switch_on("hang")

    assert _sent_until_client_leaves(origins) == []


def test_without_hang_the_same_request_is_answered(origins: Origins, outside: Outside) -> None:
    """A request outside of the share is answered."""
    origins.board.switch_on("hang", 0.4)
    outside.drawn = 0.4

    sent = _sent_until_client_leaves(origins)

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def _sent_until_client_leaves(origins: Origins) -> list[Message]:
    """Send a request by hand, since no client waits for ever; it leaves after its request."""
    sent: list[Message] = []
    received: list[Message] = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/health",
        "query_string": b"",
        "headers": [],
        "server": ("shop.test", 8700),
    }

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def visit() -> None:
        await origins.shop(scope, receive, send)

    asyncio.run(visit())
    return sent
