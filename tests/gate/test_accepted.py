"""Accepted baselines as files."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.gate.conftest import CHECK

from outrider.gate import Accepted, Fingerprint, Session, file_of, fingerprint_here, read_accepted, write_accepted
from outrider.model import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MARK = Fingerprint("Linux", "x86_64", "Some processor", 2, "chromium 156", "local")
ACCEPTED = Accepted(
    CHECK, "production", "2026-03-01T10:00:00+00:00", "2.1", MARK, (Session({"pay": (100.04, 99.0)}, 3, 1),)
)


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Durations keep a tenth of a millisecond; a session is a line."""
    path = file_of(tmp_path / "baselines", CHECK)

    write_accepted(path, ACCEPTED)

    assert path.name == "journeys-test_buy.py-test_buy.json"
    assert read_accepted(path) == replace(ACCEPTED, sessions=(Session({"pay": (100.0, 99.0)}, 3, 1),))
    assert '"pay": [100.0, 99.0]' in path.read_text()


def _changed(**changes: Any) -> Callable[[str], str]:
    return lambda text: json.dumps({**json.loads(text), **changes})


@pytest.mark.parametrize(
    ("spoil", "slug"),
    [
        (lambda text: text[:40], "baseline-damaged"),
        (lambda _: "", "baseline-damaged"),
        (lambda _: "[]", "baseline-damaged"),
        (_changed(format=2), "baseline-version"),
        (_changed(sessions=[]), "baseline-damaged"),
        (_changed(sessions=[{"runs": 1, "failed": 2, "durations_ms": {}}]), "baseline-damaged"),
        (_changed(sessions=[{"runs": 1, "failed": 0, "durations_ms": {"pay": [-1]}}]), "baseline-damaged"),
        (_changed(sessions=[{"runs": 1, "failed": 0, "durations_ms": {"pay": "100"}}]), "baseline-damaged"),
        (_changed(sessions=[{"runs": 1, "failed": 0, "durations_ms": {"pay": [float("nan")]}}]), "baseline-damaged"),
        (_changed(fingerprint={"cpu": "?"}), "baseline-damaged"),
        (lambda _: "[" * 100_000, "baseline-damaged"),
    ],
)
def test_a_file_that_is_no_baseline_says_so(tmp_path: Path, spoil: Callable[[str], str], slug: str) -> None:
    """Cut off, emptied, edited or of another version: the error names the file and what to do."""
    path = tmp_path / "one.json"
    write_accepted(path, ACCEPTED)
    path.write_text(spoil(path.read_text()))

    with pytest.raises(ConfigError) as caught:
        read_accepted(path)

    assert caught.value.slug == slug
    assert "outrider baseline accept" in str(caught.value)
    assert str(path) in str(caught.value)


def test_names_of_steps_stay_as_they_are(tmp_path: Path) -> None:
    """A step may be called after a number in brackets."""
    path = tmp_path / "one.json"
    session = Session({'click [ 1 ] "x"\n[\n2\n]': (3.0,)}, 1, 0)

    write_accepted(path, replace(ACCEPTED, sessions=(session,)))

    assert read_accepted(path).sessions == (session,)
    assert [path.name for path in tmp_path.iterdir()] == ["one.json"]


def test_no_two_checks_share_a_file(tmp_path: Path) -> None:
    """Whatever they are called, and however long."""
    names = [
        "journey:a/b.py::c", "journey:a-b.py::c", "journey:a/b.py::c[x]", "journey:a/b.py::c(x)", "probe:a/b.py::c",
        "probe:a/b.toml::c",
        "journey:a/日本.py::c", "journey:a/中国.py::c", "a:b", "a::b", "journey:" + "x" * 300, "journey:" + "x" * 301,
    ]  # fmt: skip

    files = {file_of(tmp_path, name).name.casefold() for name in names}

    assert len(files) == len(names)
    assert max(map(len, files)) <= 130
    assert not any(character in name for name in files for character in "/:[]() ")


def test_another_machine_is_named() -> None:
    """Whatever differs is said, and only that."""
    here = replace(MARK, cores=8, browser="chromium 157")

    assert here.differences(MARK) == ["cores: 8, was 2", "browser: chromium 157, was chromium 156"]
    assert fingerprint_here("chromium 156.0.1").browser == "chromium 156"
