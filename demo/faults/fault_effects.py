"""The effects of active faults on one request: a pure decision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from demo.faults.fault_board import SwitchedOn

_SECONDS_PER_HOUR = 3600
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of all active faults on one request; none by default."""

    delay_ms: float = 0.0
    hangs: bool = False
    fails: bool = False
    leak_bytes: int = 0
    query_delay_ms: float = 0.0
    asks_for_each: bool = False
    price_percent: float = 0.0
    pay_button_dead: bool = False
    product_script_throws: bool = False
    payment_raises: bool = False


def shop_effects(on: Mapping[str, SwitchedOn], now_s: float, draw: Callable[[], float]) -> Effects:
    """Decide what happens to one request to the shop.

    Args:
        on: The faults that are on, by name.
        now_s: The clock that `SwitchedOn.since_s` was read from.
        draw: Gives a number in [0, 1) for each share that has to be decided.
    """
    return Effects(
        delay_ms=_drift_ms(on, now_s),
        hangs=_happens(on, "hang", draw),
        fails=_happens(on, "errors", draw),
        leak_bytes=round(_size(on, "memory-growth") * _BYTES_PER_MB),
        pay_button_dead=_happens(on, "broken-button", draw),
        product_script_throws=_happens(on, "script-error", draw),
    )


def catalogue_effects(on: Mapping[str, SwitchedOn], now_s: float, draw: Callable[[], float]) -> Effects:  # noqa: ARG001
    """Decide what happens to one request to the catalogue: its reads are slow or too many, its prices wrong."""
    return Effects(
        query_delay_ms=_size(on, "slow-query") + _size(on, "n-plus-one"),
        asks_for_each="n-plus-one" in on,
        price_percent=_size(on, "wrong-price"),
    )


def payment_effects(on: Mapping[str, SwitchedOn], now_s: float, draw: Callable[[], float]) -> Effects:  # noqa: ARG001
    """Decide what happens to one request to the payment."""
    return Effects(payment_raises=_happens(on, "payment-error", draw))


def third_party_effects(on: Mapping[str, SwitchedOn], now_s: float, draw: Callable[[], float]) -> Effects:  # noqa: ARG001
    """Decide what happens to one request to the third party, which can only be slow."""
    return Effects(delay_ms=_size(on, "slow-third-party"))


def _size(on: Mapping[str, SwitchedOn], name: str) -> float:
    return on[name].size if name in on else 0.0


def _happens(on: Mapping[str, SwitchedOn], name: str, draw: Callable[[], float]) -> bool:
    return name in on and draw() < on[name].size


def _drift_ms(on: Mapping[str, SwitchedOn], now_s: float) -> float:
    drift = on.get("slow-drift")
    return 0.0 if drift is None else drift.size * (now_s - drift.since_s) / _SECONDS_PER_HOUR
