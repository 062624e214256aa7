"""The contract of source maps, and of issues whose maps come late: whoever implements the ports passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import (
    ErrorEvent,
    ErrorException,
    ErrorRules,
    IssueId,
    IssueNote,
    IssueOrder,
    IssueQuery,
    Retention,
    SourceMapEntry,
    StackFrame,
)

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.store import Store

DAY_US = 86_400 * SECOND_US
APP = "~/static/app.js"
_NOTE = IssueNote(NOW_US, "", "symbolicate", "")
_RULES = ErrorRules()


def _add(store: Store, folder: Path, *entries: SourceMapEntry, size: int = 10) -> None:
    files = []
    for number, entry in enumerate(entries):
        path = folder / f"{number}.gz"
        path.write_bytes(repr(entry).encode().ljust(size))
        files.append((entry, path))
    store.source_maps.add(files)


def _entry(path: str = APP, **changes: object) -> SourceMapEntry:
    return replace(SourceMapEntry(path, "", 0, NOW_US), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ((0, "1.0", ""), 4),
        ((7, "1.0", ""), 5),
        ((7, "1.0", "web"), 6),
        ((7, "1.0", "app"), 5),
        ((7, "2.0", "web"), 2),
        ((7, "", ""), 2),
    ],
)
def test_the_map_of_the_release_comes_before_one_of_any(
    store: Store, tmp_path: Path, asked: tuple[int, str, str], number: int
) -> None:
    _add(
        store, tmp_path, _entry(), _entry(), _entry("https://a.test/static/app.js"), _entry(release="1.0"),
        _entry(release="1.0", project=7), _entry(release="1.0", project=7, dist="web"), _entry("~/other.js", project=7),
        _entry(release="3.0"),
    )  # fmt: skip

    project, release, dist = asked
    found = store.source_maps.of_paths([f"https://b.test{APP[1:]}", APP], project, release, dist)
    exact = store.source_maps.of_paths([f"https://a.test{APP[1:]}", APP], project, "2.0", dist)

    assert found is not None
    assert found.number == number
    assert exact is not None
    assert exact.number == 3
    assert store.source_maps.of_paths(["~/unknown.js"], project, release, dist) is None
    assert store.source_maps.latest() == 8
    assert {entry.number for entry in store.source_maps.of_file("app.js")} == {2, 3, 4, 5, 6, 8}


def test_a_map_is_found_by_its_debug_id_and_applied_once(store: Store, tmp_path: Path) -> None:
    _add(store, tmp_path, _entry(debug_id="a" * 36), _entry(debug_id="b" * 36))

    found = store.source_maps.of_debug_id("a" * 36)

    assert found is not None
    with store.artifacts.open(found.digest) as file:
        assert len(file.read()) == found.content_bytes > 0
    assert store.source_maps.of_debug_id("") is None
    assert [entry.number for entry in store.source_maps.unapplied()] == [1, 2]
    store.source_maps.applied([1])
    assert [entry.number for entry in store.source_maps.unapplied()] == [2]


def test_maps_that_nobody_needed_go_and_those_beyond_the_size(store: Store, tmp_path: Path) -> None:
    """A map that errors need stays, however old it is."""
    ages = [_entry(f"~/{days}.js", added_us=NOW_US - days * DAY_US) for days in (200, 100, 50, 2, 1)]
    _add(store, tmp_path, *ages, size=1_000)
    store.source_maps.use([1], NOW_US)

    store.prune(NOW_US, Retention(unreferenced_s=0.0))
    by_age = [entry.path for entry in store.source_maps.list()]
    store.prune(NOW_US, Retention(source_maps_bytes=2_500, unreferenced_s=0.0))

    assert by_age == ["~/1.js", "~/2.js", "~/50.js", "~/200.js"]
    kept = store.source_maps.list()
    assert [entry.path for entry in kept] == ["~/1.js", "~/200.js"]
    assert all(store.artifacts.holds(entry.digest) for entry in kept)
    assert sum(1 for file in store.artifacts.files() if file.digest) == 2


def _event(number: int, function: str = "", **changes: object) -> ErrorEvent:
    """Return an event of a built script, or for a function as it is with source maps."""
    path = "src/cart.ts" if function else "https://a.test/app.min.js"
    frame = StackFrame("", function or "x", path, 1, 900, minified="x at app.min.js" if function else "")
    at_us = NOW_US + number * SECOND_US
    event = ErrorEvent(
        f"{number:032x}", 3, at_us, at_us, exceptions=(ErrorException("TypeError", "x", frames=(frame,)),),
        platform="javascript", release="1.0",
    )  # fmt: skip
    return replace(event, **changes)  # type: ignore[arg-type]


def _listed(store: Store) -> list[tuple[int, int, str]]:
    found = store.errors.list(IssueQuery(NOW_US + DAY_US, order=IssueOrder.EVENTS))
    return [(issue.id, issue.events, issue.culprit) for issue in found]


def test_an_issue_that_is_of_one_cause_stays_what_it_is_and_says_where(store: Store) -> None:
    store.errors.add([_event(number) for number in range(3)])

    changed = store.errors.regroup([_event(number, "charge") for number in range(3)], _RULES, _NOTE)
    store.errors.add([_event(9, "charge"), _event(10)])

    assert changed == (1,)
    assert _listed(store) == [(1, 5, "charge in src/cart.ts")]
    assert [note.text for note in store.errors.notes(IssueId(1))] == ["3 kept events read again with source maps"]
    assert sorted(key.events for key in store.errors.keys(IssueId(1))) == [1, 4]
    assert store.errors.built({"1.0"})[0].exceptions[0].frames[0].function == "x"
    assert store.errors.built({"2.0"}) == []
    assert len(store.errors.built(None)) == 5


def test_an_issue_whose_cause_is_known_already_is_merged_with_it_and_says_so(store: Store) -> None:
    store.errors.add([_event(1, "charge"), _event(2), _event(3)])

    store.errors.regroup([_event(2, "charge"), _event(3, "charge")], _RULES, _NOTE)

    assert _listed(store) == [(1, 3, "charge in src/cart.ts")]
    assert [(note.action, note.text) for note in store.errors.notes(IssueId(1))] == [
        ("merge", "#2"), ("symbolicate", "2 kept events read again with source maps"),
    ]  # fmt: skip


def test_an_issue_of_several_causes_keeps_the_most_frequent_and_the_others_get_their_own(store: Store) -> None:
    store.errors.add([_event(0, "refund"), *(_event(number) for number in range(1, 8))])
    names = {1: "refund", **dict.fromkeys((2, 3, 4), "charge"), 5: "cancel"}

    store.errors.regroup([_event(number, name) for number, name in names.items()], _RULES, _NOTE)

    assert _listed(store) == [
        (2, 5, "charge in src/cart.ts"), (1, 2, "refund in src/cart.ts"), (3, 1, "cancel in src/cart.ts"),
    ]  # fmt: skip
    notes = [(note.action, note.text) for note in store.errors.notes(IssueId(2))]
    assert ("split", "1 kept events to #1") in notes
    assert ("split", "into #3") in notes
    assert len(store.errors.events(IssueId(2))) == 5
