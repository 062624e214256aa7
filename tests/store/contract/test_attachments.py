"""The contract of attachments: whoever implements the port passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import NOW_US, SECOND_US

from outrider.model import ErrorEvent, ErrorException, Retention, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from outrider.store import Store

_DAY_US = 86_400 * SECOND_US


def _event(digit: str, at_us: int = NOW_US) -> ErrorEvent:
    return ErrorEvent(digit * 32, 1, at_us, at_us, exceptions=(ErrorException(f"E{digit}"),))


def test_attachments_are_of_events_that_are_kept_and_go_with_them(store: Store, tmp_path: Path) -> None:
    """Once; the oldest beyond the size of all go first, and the last with the issue."""
    file = tmp_path / "log"
    file.write_bytes(b"four")
    store.errors.add([_event("a", NOW_US - SECOND_US), _event("b")])
    files = [("log.txt", "text/plain", file), ("again", "", file)]

    added = [store.attachments.add(own * 32, files) for own in "aabc"]
    kept = store.attachments.of("a" * 32)

    assert added == [True, False, True, False]
    assert [(own.name, own.media_type, own.bytes) for own in kept] == [("log.txt", "text/plain", 4), ("again", "", 4)]
    with store.artifacts.open(kept[0].digest) as content:
        assert content.read() == b"four"
    assert store.attachments.of("x") == ()

    store.prune(NOW_US, Retention(attachments_bytes=8))
    assert [len(store.attachments.of(own * 32)) for own in "ab"] == [0, 2]

    store.prune(NOW_US + 9_000 * _DAY_US, Retention())
    assert store.attachments.of("b" * 32) == ()
    with pytest.raises(StoreError):
        store.artifacts.open(kept[0].digest)
