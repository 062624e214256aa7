"""The contract of replays: whoever implements the port passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import ReplayQuery, ReplaySegment, Retention

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.store import Store

DAY_US = 86_400 * SECOND_US
FIRST = ReplaySegment(
    "a" * 32, "b" * 16, 0, 1, NOW_US, NOW_US + SECOND_US, has_snapshot=True, events=2, page="/",
    error_ids=("7" * 32, "8" * 32),
)  # fmt: skip


def _add(store: Store, folder: Path, segment: ReplaySegment, size: int = 10) -> bool:
    path = folder / "part"
    path.write_bytes(repr(segment).encode().ljust(size))
    return store.replays.add(segment, path)


def test_a_session_has_its_recordings_as_they_began_and_each_part_once(store: Store, tmp_path: Path) -> None:
    later = replace(FIRST, recording="0" * 16, start_us=NOW_US + 9 * SECOND_US)
    second = replace(FIRST, number=1, start_us=NOW_US + SECOND_US, has_snapshot=False)
    for segment in (later, second, FIRST, replace(FIRST, session="c" * 32)):
        assert _add(store, tmp_path, segment)

    assert not _add(store, tmp_path, replace(second, events=99))
    parts = store.replays.of_session(FIRST.session)

    assert [replace(part, digest="", content_bytes=0) for part in parts] == [FIRST, second, later]
    with store.artifacts.open(parts[0].digest) as file:
        assert len(file.read()) == parts[0].content_bytes > 0
    assert store.replays.session_bytes(FIRST.session) == sum(part.content_bytes for part in parts)
    assert store.replays.session_bytes("d" * 32) == 0
    assert store.replays.among([FIRST.session, "d" * 32]) == {FIRST.session}
    assert store.replays.among([]) == frozenset()
    around = [store.replays.of_event("8" * 32, NOW_US + days * DAY_US) for days in (-2, -1, 0, 2)]
    assert [session in {FIRST.session, "c" * 32} for session in around] == [False, True, True, False]
    assert store.replays.of_event("9" * 32, NOW_US) == store.replays.of_event("", NOW_US) == ""
    query = ReplayQuery(NOW_US, NOW_US + DAY_US)
    summaries = store.replays.latest(query, limit=9)
    assert [(own.session, own.parts, own.events, own.page) for own in summaries] == [
        ("a" * 32, 3, 6, "/"), ("c" * 32, 1, 2, "/"),
    ]  # fmt: skip
    assert summaries[0].bytes == store.replays.session_bytes(FIRST.session)
    assert (summaries[0].start_us, summaries[0].end_us) == (NOW_US, NOW_US + SECOND_US)
    (first,) = store.replays.latest(query, limit=1)
    assert store.replays.latest(replace(query, before=(first.start_us, first.session)), limit=9) == summaries[1:]
    assert store.replays.latest(replace(query, before=(NOW_US, "c" * 32)), limit=9) == ()
    assert store.replays.latest(replace(query, since_us=NOW_US + 1), limit=9) == summaries[:1]
    assert store.replays.latest(replace(query, until_us=NOW_US), limit=9) == ()
    assert store.replays.latest(replace(query, project=2), limit=9) == ()
    _add(store, tmp_path, replace(FIRST, session="e" * 32, project=2, page="https://shop.example/Cart"))
    for narrowed in (replace(query, project=2), replace(query, page="/cart")):
        assert [own.session for own in store.replays.latest(narrowed, limit=9)] == ["e" * 32]
    assert store.replays.latest(replace(query, page="c_rt%"), limit=9) == ()


def test_what_is_deleted_is_gone_at_once_and_what_others_need_stays(store: Store, tmp_path: Path) -> None:
    same = tmp_path / "same"
    same.write_bytes(b"content of two sessions")
    other = replace(FIRST, session="c" * 32)
    store.replays.add(FIRST, same)
    store.replays.add(other, same)
    _add(store, tmp_path, replace(FIRST, number=1))
    shared, own = (part.digest for part in store.replays.of_session(FIRST.session))

    assert store.replays.delete(FIRST.session) == 2
    assert store.replays.of_session(FIRST.session) == ()
    assert (store.artifacts.holds(shared), store.artifacts.holds(own)) == (True, False)
    assert store.replays.delete(other.session) == 1
    assert not store.artifacts.holds(shared)
    assert store.replays.delete("d" * 32) == 0


def test_sessions_go_whole_when_they_are_old_and_the_oldest_when_all_are_too_large(
    store: Store, tmp_path: Path
) -> None:
    for number, age in enumerate((20, 3, 2, 1)):
        session, began_us = f"{number}" * 32, NOW_US - age * DAY_US
        for part in (0, 1):  # the second part of the oldest one is young enough
            start_us = began_us + part * (15 * DAY_US if age == 20 else SECOND_US)
            _add(store, tmp_path, replace(FIRST, session=session, number=part, start_us=start_us), size=1_000)

    store.prune(NOW_US, Retention(replays_s=14 * 86_400, replays_bytes=4_500, unreferenced_s=0.0))

    kept = store.replays.among([f"{number}" * 32 for number in range(4)])
    assert kept == {"2" * 32, "3" * 32}
    assert sum(1 for file in store.artifacts.files() if file.digest) == 4
