"""A product, and the protocol by which products are read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from demo.money import euros


@dataclass(frozen=True, slots=True)
class Product:
    """Something that the shop sells."""

    id: str
    name: str
    kind: str
    price_cents: int
    blurb: str
    motif: str
    colour: str
    accent: str

    @property
    def price(self) -> str:
        """The price as people read it."""
        return euros(self.price_cents)

    def at_price(self, cents: int) -> "Product":
        """Return the same product at another price."""
        return self if cents == self.price_cents else replace(self, price_cents=cents)


class Shelves(Protocol):
    """Where products are read from."""

    async def browse(self, kind: str = "") -> Sequence[Product]:
        """Return the products of a kind in the shop's order; all of them without a kind."""
        ...

    async def search(self, words: str) -> Sequence[Product]:
        """Return the products that mention every one of the words, whatever their case."""
        ...

    async def get(self, product_id: str) -> Product | None:
        """Return one product, or None if the shop does not have it."""
        ...
