"""Deliverers that follow each other while nobody waits."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from outrider.alerts import AlertSettings, Health
from outrider.alerts.route import Route
from outrider.app.alerting.alert_delivery import AlertDelivery
from outrider.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = AlertSettings(route=Route(receivers=("first",))), AlertSettings(route=Route(receivers=("second",)))
WAIT_S = 60


class Fake:
    """A deliverer that says when it began, and ends when it is let."""

    def __init__(self, settings: AlertSettings) -> None:
        self.name = settings.route.receivers[0]
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.ended = threading.Event()

    def health(self) -> tuple[Health, ...]:
        return (Health(self.name, is_dead=False),)


class Fakes:
    """Makes deliverers, and knows those it made; the first are broken if an error is handed in."""

    def __init__(self) -> None:
        self.made: list[Fake] = []
        self.error: Exception | None = None
        self.changed = threading.Condition()
        self.delivery = AlertDelivery(self.deliverer)

    @contextmanager
    def deliverer(self, settings: AlertSettings) -> Iterator[Fake]:
        error, self.error = self.error, None
        if error is not None:
            raise error
        fake = Fake(settings)
        with self.changed:
            self.made.append(fake)
            self.changed.notify_all()
        fake.begun.set()
        yield fake
        assert fake.may_end.wait(WAIT_S)
        fake.ended.set()

    def wait_for(self, number: int) -> Fake:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.made) >= number, WAIT_S)
            return self.made[number - 1]

    def close(self) -> None:
        for fake in self.made:
            fake.may_end.set()
        self.delivery.close()


@pytest.fixture
def fakes() -> Iterator[Fakes]:
    made = Fakes()
    yield made
    made.close()


def test_nobody_waits_for_a_deliverer_that_is_still_sending(fakes: Fakes) -> None:
    """Other settings are taken at once; their deliverer starts when the one before has ended."""
    fakes.delivery.use(FIRST)
    first = fakes.wait_for(1)
    fakes.delivery.use(SECOND)
    assert len(fakes.made) == 1

    first.may_end.set()
    second = fakes.wait_for(2)
    assert first.ended.is_set()
    assert second.name == "second"


def test_the_same_settings_change_nothing(fakes: Fakes) -> None:
    """A workspace is saved all the time, and its alerts seldom change."""
    fakes.delivery.use(FIRST)
    first = fakes.wait_for(1)
    fakes.delivery.use(FIRST)
    fakes.delivery.use(SECOND)
    first.may_end.set()

    assert fakes.wait_for(2).name == "second"
    assert len(fakes.made) == 2


def test_switched_off_alerts_are_not_delivered_until_they_are_switched_on(fakes: Fakes) -> None:
    """And no channel has a health meanwhile."""
    fakes.delivery.use(FIRST)
    first = fakes.wait_for(1)
    fakes.delivery.use(None)
    first.may_end.set()
    assert first.ended.wait(WAIT_S)
    assert fakes.delivery.health() == ()

    fakes.delivery.use(FIRST)
    assert fakes.wait_for(2).name == "first"


@pytest.mark.parametrize("error", [StoreError("locked", slug="store-locked"), TypeError("broken")])
def test_a_deliverer_that_cannot_start_is_tried_again(fakes: Fakes, error: Exception) -> None:
    """The thread goes on whatever happens to one deliverer."""
    fakes.error = error
    fakes.delivery.use(FIRST)

    assert fakes.wait_for(1).name == "first"


def test_closing_waits_for_the_deliverer(fakes: Fakes) -> None:
    """So that the store is not closed below it."""
    fakes.delivery.use(FIRST)
    first = fakes.wait_for(1)
    first.may_end.set()
    fakes.delivery.close()

    assert first.ended.is_set()
