"""The process of telemetry follows the switches while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store

from outrider.app.access.setting_overrides import WorkspaceSettings
from outrider.app.telemetry.telemetry_follower import TelemetryFollower
from outrider.app.telemetry.telemetry_ingest import switched_off
from outrider.model import OutriderError, UsageError
from outrider.telemetry import SignalKind
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store
    from outrider.workspace import Workspace


@dataclass
class Taken:
    """Stands for the engine and the ingest: what they were asked for, in turn."""

    events: list[str] = field(default_factory=list)
    refusal: OutriderError | None = None
    reported: list[str] = field(default_factory=list)

    def begin(self, workspace: Workspace) -> Taken:
        if self.refusal is not None:
            self.events.append("refused")
            raise self.refusal
        self.events.append(f"began {workspace.telemetry.port if workspace.telemetry else None}")
        return self

    def use(self, workspace: Workspace) -> None:
        self.events.append(f"without {sorted(switched_off(workspace))}")

    def close(self) -> None:
        self.events.append("closed")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "outrider.toml").write_text('[telemetry]\nlisten = "127.0.0.1:4318"\n')
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def follower(store: Store, tmp_path: Path, taken: Taken) -> TelemetryFollower:
    return TelemetryFollower(
        load(tmp_path), store.overrides, taken.begin, lambda problem: taken.reported.append(problem.slug)
    )


def test_switches_are_taken_up_while_it_runs(
    store: Store, tmp_path: Path, follower: TelemetryFollower, taken: Taken
) -> None:
    """A signal without a pause for the others, all of it by ending engine and port; looks in between change nothing."""
    settings = WorkspaceSettings(tmp_path, store)
    for name, is_on in (("logs", False), ("telemetry", False), ("logs", True), ("telemetry", True)):
        follower.look()
        follower.look()
        settings.change(f"capabilities.{name}", is_on)
    follower.look()

    assert taken.events == ["began 4318", f"without {[SignalKind.LOGS]}", "closed", "began 4318"]


def test_what_is_off_when_it_starts_is_switched_on_beside_the_file(
    store: Store, tmp_path: Path, follower: TelemetryFollower, taken: Taken
) -> None:
    """Nothing is opened before."""
    with (tmp_path / "outrider.toml").open("a") as file:
        file.write("[capabilities]\ntelemetry = false\n")
    follower.look()
    before = list(taken.events)
    WorkspaceSettings(tmp_path, store).change("capabilities.telemetry", True)
    follower.look()

    assert (before, taken.events) == ([], ["began 4318"])


def test_a_file_that_is_saved_is_followed_and_a_wrong_one_leaves_things_as_they_are(
    tmp_path: Path, follower: TelemetryFollower, taken: Taken
) -> None:
    """Another address is listened at; a file that is wrong, or gone, ends nothing."""
    follower.look()
    for text in ('[telemetry]\nlisten = "127.0.0.1:4319"\n', "[telemetry\n"):
        (tmp_path / "outrider.toml").write_text(text)
        follower.look()
    (tmp_path / "outrider.toml").unlink()
    follower.look()

    assert taken.events == ["began 4318", "closed", "began 4319"]


def test_a_store_that_is_away_leaves_things_as_they_are(
    store: Store, tmp_path: Path, follower: TelemetryFollower, taken: Taken
) -> None:
    """What holds is not known then."""
    follower.look()
    store.close()
    (tmp_path / "outrider.db").write_bytes(b"no database " * 1_000)
    follower.look()

    assert taken.events == ["began 4318"]


def test_what_hinders_it_is_reported_once_and_tried_again_now_and_then(
    store: Store, tmp_path: Path, follower: TelemetryFollower, taken: Taken
) -> None:
    """At once when a setting changes or somebody asks, such as by SIGHUP."""
    taken.refusal = UsageError("taken", slug="port-taken", fix="another")
    for _ in range(13):
        follower.look()
    patient = list(taken.events)
    follower.look()
    WorkspaceSettings(tmp_path, store).change("capabilities.logs", False)
    follower.look()
    follower.hurry()
    follower.look()
    taken.refusal = None
    follower.hurry()
    follower.look()

    assert (patient, taken.events) == (["refused"], [*["refused"] * 4, "began 4318"])
    assert taken.reported == ["port-taken"]


def test_it_closes_what_it_opened_when_it_is_to_end(follower: TelemetryFollower, taken: Taken) -> None:
    """Also if it is told before it began."""
    follower.look()
    follower.stop()
    follower.run()

    assert taken.events == ["began 4318", "closed"]
