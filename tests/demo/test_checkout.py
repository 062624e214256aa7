"""Cart, checkout and orders."""

import httpx
import pytest
from demo.cart import BadQuantity, parse_quantity

ADDRESS = {"recipient": "Ada Rider", "street": "1 Post Road", "city": "Milepost"}


def test_a_cart_is_bought(ada: httpx.Client) -> None:
    """What was put in the cart is what is paid, and the cart is empty afterwards."""
    ada.post("/cart", data={"product": "two-rider-tent", "quantity": "2"})
    asked = ada.get("/checkout")

    thanks = ada.post("/checkout", data=ADDRESS)

    assert 'type="submit">Pay €498.00' in asked.text
    assert "Thank you, Ada" in thanks.text
    assert "Order 1003" in thanks.text
    assert "€498.00" in thanks.text
    assert "Your cart is empty" in ada.get("/cart").text
    assert "Order 1003" in ada.get("/account").text


def test_adding_again_adds_up_to_twenty(shop: httpx.Client) -> None:
    """The cart holds at most twenty of one product."""
    shop.post("/cart", data={"product": "enamel-mug", "quantity": "3"})
    few = shop.post("/cart", data={"product": "enamel-mug", "quantity": "2"})
    many = shop.post("/cart", data={"product": "enamel-mug", "quantity": "20"})

    assert "€60.00" in few.text
    assert "€240.00" in many.text


def test_a_product_can_be_taken_out(shop: httpx.Client) -> None:
    """Removing the last product leaves an empty cart."""
    shop.post("/cart", data={"product": "enamel-mug", "quantity": "1"})

    page = shop.post("/cart/enamel-mug/remove")

    assert "Your cart is empty" in page.text


def test_strangers_share_no_cart(shop: httpx.Client) -> None:
    """A cart belongs to its session."""
    shop.post("/cart", data={"product": "enamel-mug", "quantity": "1"})
    shop.cookies.clear()

    assert "Your cart is empty" in shop.get("/cart").text


@pytest.mark.parametrize(
    ("product", "quantity", "status"), [("spaceship", "1", 404), ("enamel-mug", "0", 422), ("enamel-mug", "many", 422)]
)
def test_what_cannot_be_sold_is_refused(shop: httpx.Client, product: str, quantity: str, status: int) -> None:
    """Unknown products and impossible quantities never reach the cart."""
    assert shop.post("/cart", data={"product": product, "quantity": quantity}).status_code == status
    assert "Your cart is empty" in shop.get("/cart").text


@pytest.mark.parametrize("value", [0, 21, -1, True, 1.5, "", "1.0", "²", None])
def test_a_quantity_is_a_whole_number_from_one_to_twenty(value: object) -> None:
    """Everything else is refused with what would be right."""
    with pytest.raises(BadQuantity, match="give a whole number from 1 to 20"):
        parse_quantity(value)


def test_checkout_asks_strangers_to_sign_in_and_brings_them_back(shop: httpx.Client) -> None:
    """A stranger with a cart lands on the checkout after signing in."""
    shop.post("/cart", data={"product": "enamel-mug", "quantity": "1"})
    asked = shop.get("/checkout")

    page = shop.post("/sign-in", data={"email": "ada@example.com", "password": "right", "next": "/checkout"})

    assert asked.url.path == "/sign-in"
    assert 'name="next" value="/checkout"' in asked.text
    assert page.url.path == "/checkout"
    assert "Enamel Mug" in page.text


def test_an_empty_cart_cannot_be_checked_out(ada: httpx.Client) -> None:
    """Without anything to buy there is no checkout, and no order."""
    assert ada.get("/checkout").url.path == "/cart"
    assert ada.post("/checkout", data=ADDRESS).url.path == "/cart"
    assert "Order 1003" not in ada.get("/account").text


def test_missing_fields_are_named_together_and_the_rest_is_kept(ada: httpx.Client) -> None:
    """A form that lacks something comes back with what was typed."""
    ada.post("/cart", data={"product": "enamel-mug", "quantity": "1"})

    page = ada.post("/checkout", data={"recipient": "Ada the First", "street": " ", "city": ""})

    assert page.status_code == 422
    assert "Give a street and number." in page.text
    assert "Give a town." in page.text
    assert 'value="Ada the First"' in page.text


def test_an_order_is_shown_to_its_customer_only(ada: httpx.Client) -> None:
    """Another customer's order is not found."""
    assert "€38.50" in ada.get("/orders/1001").text
    assert ada.get("/orders/1002").status_code == 404
