"""States as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrider.baselines import State, dump, load
from outrider.baselines.judge import advance
from outrider.baselines.series import seconds_of
from outrider.model import BadSeries

if TYPE_CHECKING:
    from tests.baselines.conftest import MakeSeries


def test_what_is_loaded_is_what_was_dumped(make_series: MakeSeries) -> None:
    """An empty, a learning, a steady and a degraded state come back the same."""
    at, value = make_series(1, 16)
    value[-40:] *= 2
    for runs in (0, 100, 4500, len(at)):
        state, _ = advance(State(), seconds_of(at[:runs], runs), value[:runs])

        again = load(dump(state))

        assert again.condition is state.condition
        assert again.episode == state.episode
        assert dump(again) == dump(state)


@pytest.mark.parametrize("damage", [b"", b"ORB", b"something else entirely", b"ORBS" + bytes(40)])
def test_foreign_bytes_are_an_error(damage: bytes) -> None:
    """The error says how to go on."""
    with pytest.raises(BadSeries, match="replay the stored samples"):
        load(damage)


def test_every_flipped_byte_is_found(make_series: MakeSeries) -> None:
    """A checksum guards the body, the header guards itself."""
    at, value = make_series(2, 4)
    state, _ = advance(State(), seconds_of(at, len(at)), value)
    data = dump(state)
    for place in (*range(16), *range(16, len(data), 997)):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        with pytest.raises(BadSeries):
            load(bytes(broken))


def test_another_version_is_named() -> None:
    """A checkpoint of a later Outrider is not guessed at."""
    data = bytearray(dump(State()))
    data[4] = 9

    with pytest.raises(BadSeries, match="version 9"):
        load(bytes(data))
