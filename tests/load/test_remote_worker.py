"""A load with a worker in a location, whose order is carried out in this process."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.builders import new_store
from tests.load.conftest import CALM, Ground
from tests.waiting import until

from outrider.load import Surroundings, work_share
from outrider.model import FailedShare, Outcome

if TYPE_CHECKING:
    from pathlib import Path


def test_a_master_that_cannot_be_reached_is_named_with_its_location(ground: Ground, tmp_path: Path) -> None:
    """The load ends at once, before a minute of waiting is over."""
    ground.write("from locust import HttpUser, task\nclass A(HttpUser):\n    @task\n    def a(self): pass\n")
    ground.settings = replace(CALM, master=("127.0.0.1", 1))
    profile = ground.profile(workers=1, workers_at=("fra",), arguments=("--master-bind-port", "0"))
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:

        def work() -> None:
            until(lambda: bool(store.load_shares.waiting_places(time.time_ns() // 1000)))
            share = store.load_shares.take("fra", time.time_ns() // 1000)
            assert share is not None
            around = Surroundings(ground.root, ground.environment, ground.settings)
            why = work_share(profile, around, share, tmp_path / "share.log", is_over=lambda: True)
            store.load_shares.fail("fra", [FailedShare(share.id, why)])

        worker = threading.Thread(target=work)
        worker.start()
        measured = ground.load(profile, shares=store.load_shares)
        worker.join()

    assert measured.outcome == Outcome.INCONCLUSIVE
    assert measured.reason == "worker at fra could not reach 127.0.0.1:1: Connection refused"
    assert ground.load(profile).outcome == Outcome.SETUP_ERROR, "nobody can be asked for workers"
