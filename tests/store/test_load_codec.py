"""Loads as they are kept."""

from __future__ import annotations

import json
import zlib

from outrider.model import EndpointLoad, Histogram, LoadInterval, LoadResult
from outrider.store.load_codec import pack, unpack

ANSWERED = EndpointLoad("GET /", Histogram({3: 4}), Histogram({5: 1}), Histogram({7: 5}), 120)
OPEN = EndpointLoad("GET /hang", unanswered=Histogram({400: 2}))
RESULT = LoadResult((LoadInterval(0.0, 1.0, 2, 1, 0.5, 3.0, 0.0, (ANSWERED,)),), tail=(OPEN,))


def test_open_requests_are_kept_with_a_load() -> None:
    """What is read is what was written."""
    assert unpack(pack(RESULT)) == RESULT


def test_a_load_kept_before_open_requests_were_counted_can_be_read() -> None:
    """It has no tail."""
    document = json.loads(zlib.decompress(pack(RESULT)))
    del document["tail"]

    assert unpack(zlib.compress(json.dumps(document).encode())) == LoadResult(RESULT.intervals)
