"""Pages of a store, with an origin of artifacts, as a browser opens them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.server.conftest import VIEW

from outrider.app.access.workspace_access import now_us
from outrider.dashboard import Sources
from outrider.server import ArtifactOrigin, Background, application, listen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrider.store import Store


@contextmanager
def served_pages(store: Store) -> Iterator[str]:
    """Serve them on loopback; yield their address."""
    sources = Sources(store, lambda: (), lambda: VIEW, now_us, "milepost")
    origin = ArtifactOrigin(store.artifacts, b"k" * 32)
    listener = listen("127.0.0.1", 0)
    server = Background(application(store.heartbeats, None, now_us, sources, artifacts=origin), listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.close()
