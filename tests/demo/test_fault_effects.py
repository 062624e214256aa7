"""What a set of faults means for one request, as a table."""

import pytest
from demo.faults import (
    FAULTS,
    BadSize,
    Effects,
    FaultBoard,
    UnknownFault,
    catalogue_effects,
    payment_effects,
    shop_effects,
    third_party_effects,
)


def _decided(name: str, size: float, *, drawn: float = 0.5, later_s: float = 0.0) -> Effects:
    board = FaultBoard(lambda: 1000.0)
    board.switch_on(name, size)
    return shop_effects(board.on, 1000.0 + later_s, lambda: drawn)


@pytest.mark.parametrize(
    ("decided", "effects"),
    [
        (_decided("slow-query", 800), Effects()),
        (_decided("slow-third-party", 800), Effects()),
        (_decided("errors", 0.51), Effects(fails=True)),
        (_decided("errors", 0.5), Effects()),
        (_decided("hang", 1, drawn=0.999), Effects(hangs=True)),
        (_decided("hang", 0, drawn=0.0), Effects()),
        (_decided("broken-button", 1), Effects(pay_button_dead=True)),
        (_decided("script-error", 1), Effects(product_script_throws=True)),
        (_decided("wrong-price", -10), Effects()),
        (_decided("memory-growth", 1.5), Effects(leak_bytes=1_500_000)),
        (_decided("slow-drift", 100, later_s=5400), Effects(delay_ms=150)),
    ],
)
def test_each_fault_has_its_own_effect_and_no_other(decided: Effects, effects: Effects) -> None:
    """One fault changes one thing about a request."""
    assert decided == effects


def test_a_healthy_shop_draws_no_lots() -> None:
    """Without faults nothing happens, and no randomness is used."""

    def never() -> float:
        raise AssertionError

    assert shop_effects({}, 0.0, never) == catalogue_effects({}, 0.0, never) == Effects()
    assert payment_effects({}, 0.0, never) == Effects()
    assert third_party_effects({}, 0.0, never) == Effects()


def test_a_payment_raises_by_chance() -> None:
    """The payment alone, as often as the fault says."""
    board = FaultBoard(lambda: 0.0)
    board.switch_on("payment-error", 0.5)

    assert payment_effects(board.on, 0.0, lambda: 0.49) == Effects(payment_raises=True)
    assert payment_effects(board.on, 0.0, lambda: 0.5) == shop_effects(board.on, 0.0, lambda: 0.0) == Effects()


def test_faults_add_up() -> None:
    """Several faults are on at once, each with its own size."""
    board = FaultBoard(lambda: 0.0)
    board.switch_on("slow-query", 100)
    board.switch_on("wrong-price", 5)
    board.switch_on("slow-third-party", 300)

    assert catalogue_effects(board.on, 0.0, lambda: 0.0) == Effects(query_delay_ms=100, price_percent=5)

    board.switch_on("n-plus-one", 20)

    of_list = catalogue_effects(board.on, 0.0, lambda: 0.0)
    assert of_list == Effects(query_delay_ms=120, asks_for_each=True, price_percent=5)
    assert third_party_effects(board.on, 0.0, lambda: 0.0) == Effects(delay_ms=300)


@pytest.mark.parametrize("name", FAULTS)
def test_a_default_size_fits_its_fault(name: str) -> None:
    """What is used when nobody gives a size is a size that could be given."""
    fault = FAULTS[name]

    assert fault.sized(fault.default) == fault.default
    assert fault.sized(fault.smallest) == fault.smallest
    assert fault.sized(fault.largest) == fault.largest


def test_a_board_refuses_what_it_does_not_know() -> None:
    """Names and sizes are checked where faults are switched."""
    board = FaultBoard(lambda: 0.0)

    with pytest.raises(UnknownFault, match="use one of: slow-query"):
        board.switch_on("gremlins")
    with pytest.raises(BadSize, match="from -90 to 500"):
        board.switch_on("wrong-price", -91)
    assert not board.on
