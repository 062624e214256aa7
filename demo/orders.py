"""Orders: what was bought, at the price of the day."""

from dataclasses import dataclass
from datetime import datetime

from demo.money import euros


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One product of an order, as it was when ordered."""

    name: str
    quantity: int
    price_cents: int

    @property
    def total_cents(self) -> int:
        """What the line costs."""
        return self.quantity * self.price_cents

    @property
    def total(self) -> str:
        """What the line costs, as people read it."""
        return euros(self.total_cents)


@dataclass(frozen=True, slots=True)
class Order:
    """Something that a customer bought; number 0 until it is placed."""

    number: int
    email: str
    placed_at: datetime
    recipient: str
    address: str
    lines: tuple[OrderLine, ...]

    @property
    def total_cents(self) -> int:
        """What the order costs."""
        return sum(line.total_cents for line in self.lines)

    @property
    def total(self) -> str:
        """What the order costs, as people read it."""
        return euros(self.total_cents)
