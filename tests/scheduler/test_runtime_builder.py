"""Runtimes that are built beside the service: changes that overlap, states that are wrong, and the end."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.scheduler.conftest import FixedFactory, FixedRuntime, check

from outrider.model import ConfigError, StoreError
from outrider.scheduler import Health
from outrider.scheduler.runtime_builder import RuntimeBuilder
from outrider.workspace import Maintenance, Workspace

if TYPE_CHECKING:
    from pathlib import Path


class Steady:
    """Monotonic seconds that stand until they are moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Site:
    """A builder, and what it works with."""

    def __init__(self, root: Path) -> None:
        self.health, self.steady = Health(), Steady()
        self.factory = FixedFactory(FixedRuntime(Workspace(root=root, name="t"), [check()]))
        self.builder = RuntimeBuilder(self.factory, self.health, steady_s=self.steady)

    def change(self, error: Exception | None = None) -> FixedRuntime:
        """Save something, and return the runtime that is made of it."""
        self.factory.runtime = replace(self.factory.runtime, closed=threading.Event())
        self.factory.fresh, self.factory.error = True, error
        return self.factory.runtime


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_nothing_is_built_while_nothing_changes(site: Site) -> None:
    """The first look builds; the next ones only look."""
    for _ in range(3):
        site.builder.look()

    assert site.factory.made == 1
    built = site.builder.take()
    assert built is not None
    assert built.runtime is site.factory.runtime
    assert site.builder.take() is None


def test_a_change_that_comes_while_one_is_built_leads_to_another_build(site: Site) -> None:
    """The runtime that nobody took is closed, and the newer one handed over."""
    first = site.factory.runtime
    site.factory.gate = threading.Event()
    building = threading.Thread(target=site.builder.look)
    building.start()
    assert site.factory.entered.wait(60)
    site.factory.fresh = True
    site.factory.gate.set()
    building.join(60)
    second = replace(first, closed=threading.Event())
    site.factory.runtime = second
    site.builder.look()

    built = site.builder.take()
    assert built is not None
    assert built.runtime is second
    assert first.closed.is_set()
    assert not second.closed.is_set()


def test_a_state_that_is_wrong_is_refused_until_it_changes(site: Site) -> None:
    """It is not tried again and again, however long it stands there."""
    site.builder.look()
    site.builder.take()
    site.change(ConfigError("no", slug="broken-toml"))
    for _ in range(5):
        site.builder.look()
        site.steady.seconds += 1_000
    assert site.factory.made == 2
    assert "the state before it keeps running: no" in site.health.problems["reload"]

    site.change()
    site.builder.look()
    assert site.builder.take() is not None
    assert site.health.problems == {}


@pytest.mark.parametrize("error", [StoreError("locked", slug="store-locked"), OSError("gone"), TypeError("broken")])
def test_what_is_not_the_fault_of_the_workspace_is_tried_again(site: Site, error: Exception) -> None:
    """A store that was locked for a moment must not keep a good state out until the next change."""
    site.builder.look()
    site.builder.take()
    site.change(error)
    site.builder.look()
    site.factory.error = None
    site.builder.look()
    assert site.builder.take() is None

    site.steady.seconds += 10
    site.builder.look()
    assert site.builder.take() is not None
    assert site.health.problems == {}


def test_a_first_state_that_is_wrong_is_tried_ever_more_rarely(site: Site) -> None:
    """What is missing may come from outside the workspace; nothing runs in the meantime."""
    site.factory.error = ConfigError("no secret", slug="secret-missing")
    tried_at_s = []
    for second in range(100):
        before = site.factory.made
        site.builder.look()
        tried_at_s += [second] * (site.factory.made - before)
        site.steady.seconds += 1

    assert tried_at_s == [0, 10, 30, 70]
    assert "nothing runs until it is corrected: no secret" in site.health.problems["reload"]


def test_a_runtime_whose_maintenance_cannot_be_read_is_closed(site: Site) -> None:
    """It is refused, and leaves no worker and no browser behind."""
    wrong = Maintenance((), 60.0, cron="x", reason="")
    site.factory.runtime.workspace = replace(site.factory.runtime.workspace, maintenance=(wrong,))
    site.builder.look()

    assert site.builder.take() is None
    assert site.factory.runtime.closed.is_set()
    assert "maintenance.cron" in site.health.problems["reload"]


def test_stopping_while_one_is_built_leaves_nothing_behind(site: Site) -> None:
    """The build is waited for, its runtime closed, and nothing more is built."""
    site.factory.gate = threading.Event()
    site.builder.start()
    assert site.factory.entered.wait(60)
    site.builder.stop()
    closing = threading.Thread(target=site.builder.close, args=[600], daemon=True)
    closing.start()
    site.factory.gate.set()
    closing.join(60)

    assert not closing.is_alive()
    assert site.factory.runtime.closed.is_set()
    assert site.builder.take() is None
    assert site.factory.made == 1
