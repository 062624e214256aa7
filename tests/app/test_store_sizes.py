"""The size of the store for pages, counted beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.app.pages.host_inspection import host_state
from outrider.app.records.store_sizes import StoreSizes
from outrider.model import StoreError, StoreSize

if TYPE_CHECKING:
    from pathlib import Path

SIZE = StoreSize(1, 2, 3, 4, None, 5, 6, ())


def test_the_size_is_counted_once_in_ten_minutes() -> None:
    """Who asks first gets nothing yet; a count that fails leaves the last one, and is tried again later."""
    now_s, counts = [0.0], [SIZE, None, SIZE]

    def count() -> StoreSize:
        size = counts.pop()
        if size is None:
            raise StoreError("it is away", slug="store-locked", fix="wait")
        return size

    sizes = StoreSizes(count, lambda: now_s[0])
    first = sizes.latest()
    sizes.wait()
    second, now_s[0] = sizes.latest(), 601.0
    sizes.latest()
    sizes.wait()

    assert (first, second, sizes.latest(), len(counts)) == (None, SIZE, SIZE, 1)


def test_the_host_is_named_with_what_the_system_tells(tmp_path: Path) -> None:
    """A folder that is gone has no disk."""
    here, gone = host_state(tmp_path), host_state(tmp_path / "none")

    assert here.processors >= 1
    assert here.disk_bytes
    assert gone.disk_bytes is None
