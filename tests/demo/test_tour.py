"""The tour begins with a healthy shop, and a busy machine does not end it there."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING

from demo.held_port import HeldPort
from demo.tour import ROUNDS, keep, pass_all
from demo.watched_shop import Shop
from tests.builders import new_store, run_of

from outrider.model import Measurement, Outcome
from outrider.workspace import Snapshotter, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOME, CHECKOUT = "probe:probes/shop.toml::home", "journeys/test_checkout.py"
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


@dataclass(frozen=True, slots=True)
class ShopOfOutcomes(Shop):
    """Its checks end as they are told to, and are stored so."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)

    def outrider(self, *arguments: str, quiet: bool = False) -> int:
        outcome = self.outcomes[arguments[1]].pop(0)
        with self.store() as store:
            store.runs.record(run_of(Measurement(outcome, "", 1, 1.0), f"check:{arguments[1]}"))
        return int(outcome is FAILED)


@contextmanager
def shop_of(folder: Path, outcomes: dict[str, list[Outcome]]) -> Iterator[ShopOfOutcomes]:
    port = HeldPort()
    state = folder / ".outrider"
    with closing(new_store(state / "outrider.db", artifacts=state / "artifacts")):
        yield ShopOfOutcomes(folder, "", {}, port, None, None, outcomes)
    port.let_go()


def test_each_check_passes_twice(tmp_path: Path) -> None:
    """The first time warms caches."""
    outcomes = {HOME: [PASSED] * 2, CHECKOUT: [PASSED] * 2}

    with shop_of(tmp_path, outcomes) as shop:
        assert pass_all(shop, (HOME, CHECKOUT))
    assert outcomes == {HOME: [], CHECKOUT: []}


def test_what_a_busy_machine_lets_fail_runs_once_more(tmp_path: Path) -> None:
    """Only that."""
    outcomes = {HOME: [PASSED] * 2, CHECKOUT: [FAILED, PASSED, FAILED, PASSED]}

    with shop_of(tmp_path, outcomes) as shop:
        assert pass_all(shop, (HOME, CHECKOUT))
    assert outcomes == {HOME: [], CHECKOUT: []}


def test_a_shop_that_is_broken_is_given_up(tmp_path: Path) -> None:
    """After some rounds."""
    outcomes = {CHECKOUT: [FAILED] * (ROUNDS + 1)}

    with shop_of(tmp_path, outcomes) as shop:
        assert not pass_all(shop, (CHECKOUT,))
    assert outcomes == {CHECKOUT: [FAILED]}


def test_a_kept_mail_is_no_change_of_the_workspace(tmp_path: Path) -> None:
    """Runs have the same snapshot before and after, so that nobody suspects it."""
    (tmp_path / "outrider.toml").write_text("", encoding="utf-8")
    snapshotter = Snapshotter(Workspace(root=tmp_path, name="milepost"))
    before = snapshotter.take()
    mail = EmailMessage()
    mail["Subject"] = "slow"

    keep(mail, tmp_path)

    assert len(list(tmp_path.rglob("*.eml"))) == 1
    assert snapshotter.take() == before
