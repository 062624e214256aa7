"""Runtimes for the service, made of a real workspace of probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store

from outrider.app.access.setting_overrides import WorkspaceSettings
from outrider.app.service.service_runtime import ServiceRuntime, ServiceRuntimeFactory
from outrider.model import ConfigError
from outrider.scheduler import Health, RetryingRecorder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store

PROBE = '[home]\nkind = "tcp"\naddress = "127.0.0.1:9"\n'


class Site:
    """A workspace, and a factory of its runtimes."""

    def __init__(self, root: Path, store: Store) -> None:
        self.root, self.store = root, store
        self.active: list[ServiceRuntime] = []
        self.saved_meanwhile = ""
        self.factory = ServiceRuntimeFactory(root, store, self.recorder, self.active.append)

    def recorder(self) -> RetryingRecorder:
        """Return a recorder; it is asked for in the middle of making a runtime."""
        if self.saved_meanwhile:
            self.write("probes/b.toml", self.saved_meanwhile)
        return RetryingRecorder(self.store.runs, Health(), lambda _: None)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def make(self) -> ServiceRuntime:
        runtime = self.factory.make()
        assert runtime.close(0) == []
        return runtime


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    root = tmp_path / "ws"
    root.mkdir()
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        made = Site(root, store)
        made.write("outrider.toml", '[workspace]\nexclude = ["big"]\n')
        made.write("probes/a.toml", PROBE)
        yield made


def test_a_workspace_has_changed_until_a_runtime_is_made_of_it(site: Site) -> None:
    """What is excluded, and what programs write, is no change; nor is a folder that is gone."""
    assert site.factory.changed()
    site.make()
    assert not site.factory.changed()

    site.write("big/data", "x")
    site.write("probes/a.log", "x")
    assert not site.factory.changed()

    site.write("probes/a.toml", f"{PROBE}# saved\n")
    assert site.factory.changed()
    site.root.rename(site.root.with_name("gone"))
    assert not site.factory.changed()


def test_what_is_saved_while_a_runtime_is_made_is_a_change(site: Site) -> None:
    """It leads to another runtime, which knows it."""
    site.saved_meanwhile = PROBE.replace("home", "other")
    site.make()
    site.saved_meanwhile = ""

    assert site.factory.changed()
    assert [check.name for check in site.make().checks] == ["home", "other"]
    assert not site.factory.changed()


def test_a_runtime_takes_effect_when_it_is_activated(site: Site) -> None:
    """Making one changes nothing yet for those who follow the workspace."""
    runtime = site.make()
    assert site.active == []

    runtime.activate()
    assert site.active == [runtime]


def test_what_is_wrong_with_alerts_refuses_a_runtime(site: Site) -> None:
    """It is found while the runtime is made, when there is time to refuse it."""
    site.write("scheduler/alerts.toml", '[route]\nreceivers = ["nobody"]\n')

    with pytest.raises(ConfigError, match="nobody"):
        site.factory.make()
    assert not site.factory.changed()


def test_a_broken_file_refuses_a_change_and_not_the_first_start(site: Site) -> None:
    """At first the other checks run, and the file is a check that says what is wrong."""
    site.write("probes/b.toml", "broken = [")
    first = site.make()
    assert [check.name for check in first.checks] == ["home", "b.toml"]
    assert len(first.problems) == 1

    site.write("probes/b.toml", "broken = [[")
    with pytest.raises(ConfigError):
        site.factory.make()


def test_a_setting_that_is_changed_beside_the_file_is_taken_up(site: Site) -> None:
    """Without a restart, as a saved file is."""
    site.make()
    WorkspaceSettings(site.root, site.store).change("capabilities.probes", False)

    is_changed = site.factory.changed()
    runtime = site.make()

    assert is_changed
    assert not runtime.workspace.capabilities.probes
    assert not site.factory.changed()
