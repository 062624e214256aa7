"""The pictures of an alert's mail, from a real store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store, run_of

from outrider.alerts import Item, Message
from outrider.alerts.notification_kind import NotificationKind
from outrider.app.alerting.alert_pictures import pictures_from
from outrider.model import ArtifactFile, ArtifactKind, Measurement, Outcome, Sample, Step, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.model import Run
    from outrider.store import Store

NOW_US = 1_800_000_000_000_000
MINUTE_US = 60_000_000
PNG = b"\x89PNG and what a page showed"
LABELS = {"check": "journey:shop", "environment": "production", "location": "local", "step": "Pay"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "runs.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


def passed(number: int) -> Run:
    step = Step("pay", "Pay", StepKind.NAMED, 0.0, 100.0 + number)
    sample = Sample("pay", "duration_ms", 100.0 + number)
    return run_of(Measurement(Outcome.PASSED, "", NOW_US - number * MINUTE_US, 120.0, (step,), samples=(sample,)))


def failed(folder: Path, *, size: int = len(PNG)) -> Run:
    (folder / "shot.png").write_bytes(PNG.ljust(size, b"x"))
    shot = ArtifactFile(ArtifactKind.SCREENSHOT, "shot.png", "image/png", folder / "shot.png")
    step = Step("pay", "Pay", StepKind.NAMED, 0.0, None, error="no answer")
    return run_of(Measurement(Outcome.FAILED, "no answer", NOW_US, 300.0, (step,), artifacts=(shot,)))


def message(run: str, kind: NotificationKind = NotificationKind.TRIGGER) -> Message:
    item = Item("i", "Pay fails", (), "open", NOW_US, labels=LABELS, run=run, title="Shop")
    return Message(kind, "t", "s", "critical", (item,), NOW_US)


@pytest.mark.slow
def test_a_mail_shows_the_failed_step_and_its_trend(store: Store, tmp_path: Path) -> None:
    """The end of the problem shows the trend alone; what retention removed is not missed."""
    run = failed(tmp_path)
    store.runs.record_many([passed(number) for number in range(1, 30)])
    store.runs.record(run)
    draw = pictures_from(store, "Europe/Berlin")

    shot, trend = draw(message(run.id))
    (over,) = draw(message(run.id, NotificationKind.RESOLVED))
    (unknown,) = draw(message("no-such-run"))
    for artifact in store.runs.get(run.id).artifacts:
        assert artifact.path is not None
        artifact.path.unlink()
    (gone,) = draw(message(run.id))

    assert (shot.title, shot.content) == ("Screenshot as Pay failed", PNG)
    assert trend.title == "Shop: Pay, the last 29 runs, ms"
    assert trend.content.startswith(b"\x89PNG")
    assert over == unknown == gone == trend


def test_a_large_screenshot_stays_where_it_is(store: Store, tmp_path: Path) -> None:
    """Many mail servers refuse a mail of ten megabytes."""
    run = failed(tmp_path, size=2_000_000)
    store.runs.record(run)

    assert pictures_from(store, "UTC")(message(run.id)) == ()


def test_what_has_no_history_has_no_picture(store: Store) -> None:
    """A message without incidents, and one of an unknown check."""
    draw = pictures_from(store, "UTC")

    assert draw(replace(message(""), items=())) == draw(message("")) == ()
