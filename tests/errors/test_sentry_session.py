"""Sessions of Sentry's clients are counted once each, whatever a client sends."""

from __future__ import annotations

from typing import Any

import pytest

from outrider.errors import session_counts

NOW_US = 1_795_000_000_000_000
ATTRIBUTES = {"release": "shop@2", "environment": "live"}


def _counted(*updates: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return sessions, errored, crashed and abnormal of all updates together."""
    counts = [count for update in updates for count in session_counts({"attrs": ATTRIBUTES, **update}, 1, NOW_US)]
    return tuple(sum(figures) for figures in zip(*(count[5:9] for count in counts), strict=True))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("updates", "counted"),
    [
        ([{"init": True, "status": "ok"}, {"status": "exited"}], (1, 0, 0, 0)),
        ([{"init": True, "errors": 0}, {"status": "ok", "errors": 1}, {"status": "exited", "errors": 2}], (1, 1, 0, 0)),
        ([{"init": True}, {"status": "ok", "errors": 1}, {"status": "crashed", "errors": 2}], (1, 1, 1, 0)),
        ([{"init": True}, {"status": "crashed", "errors": 1}], (1, 1, 1, 0)),
        ([{"init": True, "status": "crashed", "errors": 3}], (1, 1, 1, 0)),
        ([{"seq": 0}, {"status": "abnormal"}], (1, 1, 0, 1)),
        ([{"aggregates": [{"exited": 5, "errored": 2, "crashed": 1}, {"abnormal": 1}]}], (9, 4, 1, 1)),
        ([{"aggregates": [None, {"exited": -4, "crashed": True, "errored": "x", "abnormal": 10**30}, 7]}],
         (10**6, 10**6, 0, 10**6)),
        ([{"init": 1, "status": ["crashed"], "errors": "1", "did": {}, "started": "never"}], (0, 0, 0, 0)),
    ],
)  # fmt: skip
def test_a_session_is_counted_once(updates: list[dict[str, Any]], counted: tuple[int, int, int, int]) -> None:
    """With its beginning, its first error, and how it ended; a server's are summed up by itself."""
    assert _counted(*updates) == counted


def test_a_session_has_release_time_and_a_digest_of_its_user() -> None:
    """Of a clock that is far off the time is when it came in; without a release nothing can be said."""
    update = {"attrs": ATTRIBUTES, "init": True, "did": "ada@example.org", "started": "2026-11-18T12:00:00Z"}

    (count,) = session_counts(update, 7, NOW_US)
    agent = {"attrs": {**ATTRIBUTES, "user_agent": "Mozilla/5.0 (X11) Firefox/140.0"}}
    (of_page,) = session_counts({**update, **agent}, 7, NOW_US)
    (odd,) = session_counts({**update, "started": 5, "did": 17, "attrs": {"release": " a\ud800\0b "}}, 7, NOW_US)

    assert (count.project, count.environment, count.release) == (7, "live", "shop@2")
    assert (count.at_us, odd.at_us) == (1_795_003_200_000_000 - 3_200_000_000, NOW_US)
    assert len(count.user) == 32
    assert (count.from_pages, of_page.from_pages) == (0, 1)
    assert count.user != odd.user
    assert odd.release.isprintable()
    assert not list(session_counts({"init": True, "attrs": {"release": " "}}, 7, NOW_US))
