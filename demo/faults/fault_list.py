"""The faults that the shop knows, as pure values.

FaultError
├── UnknownFault    no fault has this name
└── BadSize         the size is not a number within the fault's range
"""

import math
from dataclasses import dataclass
from typing import Final


class FaultError(Exception):
    """A fault cannot be switched as asked."""


class UnknownFault(FaultError):
    """No fault has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f'no fault is called "{name}"\n  use one of: {", ".join(FAULTS)}')


class BadSize(FaultError):
    """The size is not a number within the fault's range."""

    def __init__(self, fault: "Fault", size: object) -> None:
        super().__init__(
            f"{size!r} is no size for {fault.name}\n"
            f"  give a number from {fault.smallest:g} to {fault.largest:g} ({fault.unit})"
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can go wrong in the shop, and by how much."""

    name: str
    unit: str
    smallest: float
    largest: float
    default: float
    breaks: str

    def sized(self, size: object) -> float:
        """Return `size` as a number that this fault accepts.

        Raises:
            BadSize: If it is no finite number, or out of range.
        """
        if isinstance(size, bool) or not isinstance(size, int | float) or not math.isfinite(size):
            raise BadSize(self, size)
        if not self.smallest <= size <= self.largest:
            raise BadSize(self, size)
        return float(size)


_MINUTE_MS: Final = 60_000

FAULTS: Final[dict[str, Fault]] = {
    fault.name: fault
    for fault in (
        Fault("slow-query", "ms", 0, _MINUTE_MS, 800, "every read of the catalogue waits this long"),
        Fault("n-plus-one", "ms", 0, _MINUTE_MS, 20, "lists ask the database again for each product, so long each"),
        Fault("slow-third-party", "ms", 0, _MINUTE_MS, 1500, "every answer of the third party waits this long"),
        Fault("errors", "share of requests", 0, 1, 0.5, "this share of requests is answered with a 500"),
        Fault("payment-error", "share of payments", 0, 1, 1, "the payment service raises an exception"),
        Fault("broken-button", "share of pages", 0, 1, 1, "the pay button does nothing"),
        Fault("script-error", "share of pages", 0, 1, 1, "a script throws on the product page"),
        Fault("wrong-price", "percent", -90, 500, 10, "every price is off by this much"),
        Fault("memory-growth", "MB per request", 0, 64, 1, "each request leaks this much memory, up to 512 MB"),
        Fault("slow-drift", "ms per hour", 0, 10 * _MINUTE_MS, 100, "each hour since switched on adds this delay"),
        Fault("certificate", "days", 0, 365, 5, "the certificate of the TLS front ends in so many days"),
        Fault("hang", "share of requests", 0, 1, 1, "this share of requests is never answered"),
    )
}


def fault_named(name: str) -> Fault:
    """Return the fault called `name`.

    Raises:
        UnknownFault: If there is none.
    """
    try:
        return FAULTS[name]
    except KeyError:
        raise UnknownFault(name) from None
