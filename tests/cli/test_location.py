"""`outrider location`, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.conftest import Desk

if TYPE_CHECKING:
    from pathlib import Path

PROBES = """
[home]
kind = "tcp"
address = "127.0.0.1:1"
locations = ["local", "fra"]
"""


def test_a_location_that_no_check_names_is_added_with_a_warning(tmp_path: Path) -> None:
    """It may be misspelled; the token is all that standard output holds, as for others, also where a file is wrong."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", "")
    desk.write("probes/shop.toml", PROBES)

    used, misspelled, unlike = (desk.outrider("location", "add", name) for name in ("fra", "frra", "sydney"))
    desk.write("probes/shop.toml", "wrong = 1")
    broken = desk.outrider("location", "add", "fra")

    assert [done.returncode for done in (used, misspelled, unlike, broken)] == [0] * 4
    assert all(done.stdout.startswith("outrider_worker_") for done in (used, misspelled, unlike, broken))
    assert "warning" not in used.stderr
    assert 'no check names the location "frra" yet' in misspelled.stderr
    assert 'did you mean "fra"?' in misspelled.stderr
    assert "known: fra, local" in unlike.stderr


def test_who_removes_a_location_is_told_what_the_broker_keeps_of_it(tmp_path: Path) -> None:
    """The service's own user may not delete users, and a queue may hold what another service still publishes."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", "")
    desk.outrider("location", "add", "fra")
    without = desk.outrider("location", "remove", "fra")
    desk.write("outrider.toml", '[locations]\nbroker = "amqp://outrider@127.0.0.1:1/shop"\n')
    desk.outrider("location", "add", "fra")

    removed = desk.outrider("location", "remove", "fra")

    assert "rabbitmqctl" not in without.stderr
    assert "rabbitmqctl delete_user fra" in removed.stderr
    assert "rabbitmqctl delete_queue -p shop outrider.orders.fra" in removed.stderr
