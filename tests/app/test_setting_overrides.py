"""Settings that hold in the place of the file's, while the service runs."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.builders import new_store

from outrider.app import validate_workspace
from outrider.app.access.setting_overrides import WorkspaceSettings, load_overridden, overridden_settings, override_note
from outrider.app.execution.fault_proof import prove_journeys
from outrider.model import ConfigErrors, SettingOverride, UsageError
from outrider.store import stored_overrides
from outrider.workspace import CHANGEABLE, Capabilities, load, parse_setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "outrider.toml").write_text("[capabilities]\nload = true\n")
    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as opened:
        yield opened


@pytest.fixture
def settings(store: Store, tmp_path: Path) -> WorkspaceSettings:
    return WorkspaceSettings(tmp_path, store)


def test_a_setting_is_shown_with_where_it_comes_from_set_and_unset(
    store: Store, settings: WorkspaceSettings, tmp_path: Path
) -> None:
    """The file keeps what it says, and the audit log has both changes."""
    settings.change("capabilities.load", False, author="ada")

    states = {state.name: state for state in settings.all()}
    loaded = load_overridden(tmp_path, store.overrides)
    settings.reset("capabilities.load")
    after = load_overridden(tmp_path, store.overrides)

    load, judging = states["capabilities.load"], states["capabilities.judging"]
    assert (load.value, load.in_file, load.place, load.author) == (False, True, "outrider.toml:2", "ada")
    assert (judging.value, judging.place, judging.at_us) == (True, "", None)
    assert (loaded.capabilities.load, after.capabilities.load) == (False, True)
    assert [entry.action for entry in store.audit.search()] == ["setting.unset", "setting.set"]


@pytest.mark.parametrize(
    ("name", "text", "slug"),
    [
        ("capabilities.lode", "false", "unknown-override"),
        ("store.url", "x", "unknown-override"),
        ("capabilities.load", "no", "bad-override"),
        ("capabilities.load", "1", "bad-override"),
        ("journeys.concurrency", "0", "bad-override"),
        ("journeys.concurrency", "true", "bad-override"),
        ("journeys.concurrency", "[1]", "bad-override"),
        ("journeys.concurrency", "9" * 5_000, "bad-override"),
        ("journeys.starved_above", "NaN", "bad-override"),
        ("journeys.starved_above", "1e999", "bad-override"),
        ("probes.late", "<script>", "bad-override"),
        ("baselines.direction", "日本", "bad-override"),
    ],
)
def test_what_the_file_could_not_say_is_refused(
    store: Store, settings: WorkspaceSettings, name: str, text: str, slug: str
) -> None:
    """And nothing is kept."""
    with pytest.raises(UsageError) as caught:
        settings.change(name, parse_setting(name, text))

    assert caught.value.slug == slug
    assert (store.overrides.all(), tuple(store.audit.search())) == ((), ())


def test_what_is_not_set_cannot_be_unset(settings: WorkspaceSettings) -> None:
    """It says where what is set is listed."""
    with pytest.raises(UsageError, match="not set beside the file"):
        settings.reset("capabilities.load")


def test_every_capability_can_be_switched_off_and_on(store: Store, settings: WorkspaceSettings, tmp_path: Path) -> None:
    """Beside the file, by its name, and what loads the workspace sees it."""
    names = [field.name for field in fields(Capabilities)]
    for name in names:
        settings.change(f"capabilities.{name}", False)

    off = load_overridden(tmp_path, store.overrides).capabilities
    for name in names:
        settings.reset(f"capabilities.{name}")
    on = load_overridden(tmp_path, store.overrides).capabilities

    assert [getattr(off, name) for name in names] == [False] * len(names)
    assert on == Capabilities()
    assert {name for name, setting in CHANGEABLE.items() if setting.is_switch} == {f"capabilities.{n}" for n in names}


def test_who_decided_on_another_value_is_told_what_holds_now(
    store: Store, settings: WorkspaceSettings, tmp_path: Path
) -> None:
    """Whether somebody set it, or the file was saved; who saw what holds may change it."""
    settings.change("capabilities.load", False, instead_of=True, author="grace")

    with pytest.raises(UsageError, match="it is false now, set by grace") as set_meanwhile:
        settings.change("capabilities.load", True, instead_of=True)
    (tmp_path / "outrider.toml").write_text("[probes]\nper_host = 3\n")
    with pytest.raises(UsageError, match=r"it is 3 now, as outrider\.toml says") as saved_meanwhile:
        settings.change("probes.per_host", 4, instead_of=8)
    settings.change("probes.per_host", 4, instead_of=3)

    assert (set_meanwhile.value.slug, saved_meanwhile.value.slug) == ("setting-changed", "setting-changed")
    assert load_overridden(tmp_path, store.overrides).probes.per_host == 4


def test_what_is_set_and_cannot_be_leaves_the_decision_to_the_file(
    store: Store, settings: WorkspaceSettings, tmp_path: Path
) -> None:
    """As after an update that takes less than before; the setting says so, with who set it, and can be reset."""
    store.overrides.put(SettingOverride("journeys.concurrency", "0", 1, "ada"))
    state = {state.name: state for state in settings.all()}["journeys.concurrency"]
    loaded = load_overridden(tmp_path, store.overrides)
    settings.reset("journeys.concurrency")

    assert (state.value, state.in_file, state.author, loaded.journeys.concurrency) == (1, 1, "ada", 1)
    assert "out of range" in state.problem
    assert "the file decides" in override_note(state)
    assert all(state.at_us is None for state in settings.all())


@pytest.mark.parametrize("text", ["", "[capabilities]\nload = [1]\n", "[probes]\nper_host = inf\n", "[broken", None])
def test_a_file_that_is_wrong_or_gone_is_shown_all_the_same(
    settings: WorkspaceSettings, tmp_path: Path, text: str | None
) -> None:
    """What is set beside it, too, and it can be reset; whoever loads the workspace says what is wrong."""
    settings.change("capabilities.judging", False)
    (tmp_path / "outrider.toml").unlink() if text is None else (tmp_path / "outrider.toml").write_text(text)

    states = {state.name: state for state in settings.all()}
    settings.reset("capabilities.judging")

    assert (states["capabilities.judging"].value, states["capabilities.judging"].problem) == (False, "")
    assert all(isinstance(state.value, bool | int | float | str) for state in states.values())
    json.loads(json.dumps([state.value for state in states.values()], allow_nan=False))


def test_what_is_set_is_read_without_a_trace_in_the_store(
    store: Store, settings: WorkspaceSettings, tmp_path: Path
) -> None:
    """As `outrider validate` does, which writes nothing; a store that is not there yet has nothing set."""
    settings.change("capabilities.load", False, author="ada")
    store.close()
    before = sorted(path.name for path in tmp_path.iterdir())

    overrides = stored_overrides(tmp_path / "outrider.db")

    assert [override_note(state) for state in overridden_settings(tmp_path, overrides)] == [
        "capabilities.load = false, set by ada, holds in the place of true (outrider.toml:2)"
    ]
    assert stored_overrides(tmp_path / "other.db") == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_injection_that_is_switched_off_beside_the_file_refuses_prove(
    store: Store, settings: WorkspaceSettings, tmp_path: Path
) -> None:
    """It is the one switch that no process of the service reads; the message says how to undo it."""
    settings.change("capabilities.injection", False)

    with pytest.raises(UsageError, match=r"switched off beside outrider\.toml") as refused:
        prove_journeys(load(tmp_path), store)

    assert (refused.value.slug, "settings unset" in refused.value.fix) == ("switched-off", True)


def test_a_file_that_is_wrong_by_itself_reports_its_own_problems(
    store: Store, settings: WorkspaceSettings, tmp_path: Path
) -> None:
    """What is set beside it neither hides nor causes them."""
    settings.change("capabilities.load", False)
    (tmp_path / "outrider.toml").write_text("[capabilities]\nlode = true\n")

    with pytest.raises(ConfigErrors, match="lode"):
        load_overridden(tmp_path, store.overrides)


def test_validate_mentions_what_is_set_and_how_to_undo_it(store: Store, tmp_path: Path) -> None:
    """A reader of the file would believe what does not hold otherwise."""
    store.close()
    folder = tmp_path / ".outrider"
    with new_store(folder / "outrider.db", artifacts=folder / "artifacts") as own:
        WorkspaceSettings(tmp_path, own).change("capabilities.load", False, author="ada")

    assert validate_workspace(tmp_path).notes == (
        "capabilities.load = false, set by ada, holds in the place of true (outrider.toml:2): "
        "outrider settings unset capabilities.load undoes it",
    )


def test_the_documentation_says_who_reads_each_switch() -> None:
    """As the page and the API do."""
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    table = text.partition("| switch | read by |")[2].partition("\n\n")[0]
    documented = {
        name: set(re.findall(r"`([a-z ]+)`", row.split("|")[2]))
        for row in table.splitlines()[2:]
        for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    }

    switches = {name.partition(".")[2]: setting for name, setting in CHANGEABLE.items() if setting.is_switch}
    assert documented == {name: set(setting.read_by) for name, setting in switches.items()}
