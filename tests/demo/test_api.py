"""The shop as JSON."""

import httpx
import pytest


def test_health_counts_products_and_memory(shop: httpx.Client) -> None:
    """Health says that there is something to sell and how much memory is held."""
    assert shop.get("/api/health").json() == {"status": "ok", "products": 24, "memory_mb": 40.0}


@pytest.mark.parametrize(
    ("query", "count"), [({}, 24), ({"kind": "Light"}, 4), ({"q": "map"}, 3), ({"q": "map", "kind": "Bags"}, 1)]
)
def test_products_are_listed_searched_and_narrowed(shop: httpx.Client, query: dict[str, str], count: int) -> None:
    """Search and kind work alone and together."""
    listed = shop.get("/api/products", params=query).json()

    assert listed["count"] == len(listed["products"]) == count


def test_a_product_has_its_price_twice(shop: httpx.Client) -> None:
    """Programs read cents, people read euros."""
    assert shop.get("/api/products/trail-lantern").json() == {
        "id": "trail-lantern",
        "name": "Trail Lantern",
        "kind": "Light",
        "price_cents": 4800,
        "price": "€48.00",
        "blurb": "Burns nine hours and survives a fall.",
    }


def test_a_cart_is_filled_and_ordered(ada: httpx.Client) -> None:
    """Pages and API share one session and one cart."""
    ada.put("/api/cart", json={"product": "enamel-mug", "quantity": 3})
    ada.put("/api/cart", json={"product": "brass-compass"})
    cart = ada.get("/api/cart").json()

    placed = ada.post("/api/orders", json={"recipient": "Ada", "address": "1 Post Road"})

    assert cart["total"] == "€92.00"
    assert placed.status_code == 201
    assert placed.json()["total_cents"] == 9200
    assert placed.json()["placed_at"] == "2026-05-04T12:00:00+00:00"
    assert ada.get("/api/cart").json()["lines"] == []
    assert [order["number"] for order in ada.get("/api/orders").json()["orders"]] == [1003, 1001]


def test_quantity_zero_takes_a_product_out(shop: httpx.Client) -> None:
    """Putting nothing of a product empties its place."""
    shop.put("/api/cart", json={"product": "enamel-mug", "quantity": 3})
    shop.put("/api/cart", json={"product": "enamel-mug", "quantity": 0})

    assert shop.get("/api/cart").json() == {"lines": [], "total_cents": 0, "total": "€0.00"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/products/spaceship", None, 404),
        ("GET", "/api/nowhere", None, 404),
        ("DELETE", "/api/products", None, 405),
        ("GET", "/api/orders", None, 401),
        ("POST", "/api/orders", {}, 401),
        ("PUT", "/api/cart", {"product": "spaceship"}, 404),
        ("PUT", "/api/cart", {"product": "enamel-mug", "quantity": "many"}, 422),
        ("PUT", "/api/cart", ["enamel-mug"], 404),
    ],
)
def test_a_refusal_is_json_too(shop: httpx.Client, method: str, path: str, body: object, status: int) -> None:
    """Programs that ask for something wrong get a status and an error that they can read."""
    answer = shop.request(method, path, json=body)

    assert answer.status_code == status
    assert answer.json()["error"]


def test_an_order_needs_an_address_and_a_cart(ada: httpx.Client) -> None:
    """Nothing is ordered without both."""
    nowhere = ada.post("/api/orders", content=b"{")
    nothing = ada.post("/api/orders", json={"recipient": "Ada", "address": "1 Post Road"})

    assert (nowhere.status_code, nothing.status_code) == (422, 409)
