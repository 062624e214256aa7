"""The cart: products and how many of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from demo.money import euros
from demo.orders import OrderLine
from demo.product import Product

MOST_OF_ONE: Final = 20


class BadQuantity(ValueError):
    """A quantity is no whole number from 1 to `MOST_OF_ONE`."""


@dataclass(frozen=True, slots=True)
class CartLine:
    """One product in the cart."""

    product: Product
    quantity: int

    @property
    def total(self) -> str:
        """What the line costs, as people read it."""
        return euros(self.quantity * self.product.price_cents)


@dataclass(frozen=True, slots=True)
class Cart:
    """What a visitor is about to buy."""

    lines: tuple[CartLine, ...] = ()

    @property
    def total_cents(self) -> int:
        """What the cart costs."""
        return sum(line.quantity * line.product.price_cents for line in self.lines)

    @property
    def total(self) -> str:
        """What the cart costs, as people read it."""
        return euros(self.total_cents)

    def as_order_lines(self) -> tuple[OrderLine, ...]:
        """Return the lines as an order keeps them."""
        return tuple(OrderLine(line.product.name, line.quantity, line.product.price_cents) for line in self.lines)


def filled(quantities: Mapping[str, int], products: Sequence[Product]) -> Cart:
    """Return the cart that holds `quantities` of `products`, in the shop's order."""
    return Cart(tuple(CartLine(product, quantities[product.id]) for product in products if product.id in quantities))


def parse_quantity(value: object) -> int:
    """Return a quantity that a visitor sent.

    Raises:
        BadQuantity: If it is no whole number from 1 to `MOST_OF_ONE`.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_OF_ONE:
        raise BadQuantity(f"{value!r} is no quantity: give a whole number from 1 to {MOST_OF_ONE}")
    return value
