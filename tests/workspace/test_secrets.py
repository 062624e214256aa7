"""Secrets are named in the workspace and shown by nothing."""

import copy
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from outrider.model import ConfigError, ConfigErrors, Place
from outrider.workspace import (
    Mask,
    Secret,
    SecretSource,
    StoreSettings,
    TelemetrySettings,
    Workspace,
    given_secrets,
    resolve_secrets,
)

PLACE = Place("outrider.toml", 7)


def workspace(root: Path, *sources: SecretSource) -> Workspace:
    """Return a workspace that declares `sources`."""
    return Workspace(root=root, name="shop", secrets={source.name: source for source in sources})


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>20}".format, lambda secret: f"{secret:>10}"])
def test_no_way_of_showing_a_secret_shows_it(show: object) -> None:
    """A log line or a traceback with the secret in it is harmless."""
    assert callable(show)

    shown = show(Secret("hunter2"))

    assert "hunter2" not in shown
    assert "***" in shown


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_does_not_leave_by_accident(leave: object) -> None:
    """Handing it on takes a call of reveal."""
    assert callable(leave)

    with pytest.raises(TypeError, match="reveal"):
        leave(Secret("hunter2"))


def test_a_mask_shows_and_pickles_nothing_either() -> None:
    """It holds the same values."""
    mask = Mask(["hunter2"])

    assert "hunter2" not in repr(mask)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(mask)


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    """Paths are meant from the root of the workspace."""
    (tmp_path / "token").write_text("from file\n")
    declared = workspace(tmp_path, SecretSource("A", PLACE, env="SHOP_A"), SecretSource("B", PLACE, file="token"))

    secrets = resolve_secrets(declared, {"SHOP_A": "from env"})

    assert {name: secrets[name].reveal() for name in secrets} == {"A": "from env", "B": "from file"}


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"abcd\n", "abcd"),
        (b"abcd\r\n", "abcd"),
        (b"abcd\n\n", "abcd\n"),
        (b" abcd ", " abcd "),
        (b"ab\ncd", "ab\ncd"),
        ("pässwörd".encode(), "pässwörd"),
    ],
)
def test_one_line_break_at_the_end_of_a_file_is_not_part_of_the_secret(
    tmp_path: Path, content: bytes, value: str
) -> None:
    """Editors add it; everything else may be meant."""
    (tmp_path / "token").write_bytes(content)

    secrets = resolve_secrets(workspace(tmp_path, SecretSource("A", PLACE, file="token")), {})

    assert secrets["A"].reveal() == value


@pytest.mark.parametrize(
    ("source", "slug", "named"),
    [
        (SecretSource("A", PLACE, env="NOT_SET"), "missing-secret", "NOT_SET"),
        (SecretSource("A", PLACE, env="EMPTY"), "missing-secret", "EMPTY"),
        (SecretSource("A", PLACE, env="SHORT"), "short-secret", "secrets.A"),
        (SecretSource("A", PLACE, file="absent"), "missing-secret", "absent"),
        (SecretSource("A", PLACE, file="."), "missing-secret", "the file ."),
        (SecretSource("A", PLACE, file="latin"), "missing-secret", "not UTF-8"),
    ],
)
def test_what_cannot_be_fetched_is_named(tmp_path: Path, source: SecretSource, slug: str, named: str) -> None:
    """The problem stands where the secret is declared."""
    (tmp_path / "latin").write_bytes("pässword".encode("latin-1"))

    with pytest.raises(ConfigErrors) as caught:
        resolve_secrets(workspace(tmp_path, source), {"EMPTY": "", "SHORT": "abc"})

    (problem,) = caught.value.problems
    assert (problem.slug, problem.where) == (slug, PLACE)
    assert named in problem.what
    assert "abc" not in str(problem)


def test_all_missing_secrets_are_reported_together(tmp_path: Path) -> None:
    """One round of corrections is enough."""
    declared = workspace(tmp_path, SecretSource("A", PLACE, env="X"), SecretSource("B", PLACE, file="y"))

    with pytest.raises(ConfigErrors) as caught:
        resolve_secrets(declared, {})

    assert len(caught.value.problems) == 2


def test_asking_for_an_undeclared_secret_says_how_to_declare_it(tmp_path: Path) -> None:
    """The nearest declared name is offered."""
    secrets = resolve_secrets(workspace(tmp_path, SecretSource("PASSWORD", PLACE, env="X")), {"X": "long enough"})

    with pytest.raises(ConfigError, match='"PASSWROD" is not a secret') as caught:
        secrets["PASSWROD"]

    assert 'did you mean "PASSWORD"?' in caught.value.fix


def test_what_a_location_was_not_given_says_whose_it_is(tmp_path: Path) -> None:
    """The service's own secrets stay with it; of others it has no value."""
    declared = workspace(tmp_path, *(SecretSource(name, PLACE, env=name) for name in ("ENGINE", "STORE", "SHOP")))
    store = StoreSettings(url="postgresql://me:${STORE}@db/x")
    given = replace(declared, store=store, telemetry=TelemetrySettings(clickhouse_password="ENGINE"))
    missing = given_secrets(given, {}).missing
    assert "the service's own" in str(missing["ENGINE"])
    assert "the service's own" in str(missing["STORE"])
    assert "has no value where the service runs" in str(missing["SHOP"])
