"""Where a service serves artifacts: at the port of its pages on loopback, elsewhere at the next one."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.builders import new_store

from outrider.app.pages.artifact_server import ArtifactServer
from outrider.scheduler import Health
from outrider.workspace import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts")
    yield opened
    opened.close()


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def server(root: Path, store: Store, settings: str = "", health: Health | None = None) -> ArtifactServer:
    (root / "outrider.toml").write_text(settings)
    return ArtifactServer(load(root), store.artifacts, health or Health())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_further_port(tmp_path: Path, store: Store, host: str) -> None:
    """Pages answer for the other origin themselves."""
    artifacts = server(tmp_path, store)

    artifacts.start(host, 8710)

    assert artifacts.origin.port() == 0
    artifacts.close()


def test_beyond_loopback_there_is_a_listener_of_artifacts_alone(tmp_path: Path, store: Store) -> None:
    """It serves no page; an origin that is configured needs none."""
    artifacts = server(tmp_path, store)
    configured = server(tmp_path, store, '[server]\nartifacts_url = "https://files.example"')

    artifacts.start("0.0.0.0", 0)
    configured.start("0.0.0.0", 0)
    answers = [httpx.get(f"http://127.0.0.1:{artifacts.origin.port()}{path}").status_code for path in ("/", "/file/x")]

    assert answers == [404, 403]
    assert configured.origin.port() == 0
    artifacts.close()


def test_a_port_that_is_taken_is_a_problem_and_names_the_setting(
    tmp_path: Path, store: Store, taken: socket.socket
) -> None:
    """Pages and checks go on."""
    health = Health()
    port = taken.getsockname()[1]
    artifacts = server(tmp_path, store, f"[server]\nartifacts_port = {port}", health)

    artifacts.start("127.0.0.1", 8710)

    assert "name another artifacts_port" in health.problems["artifacts"]
    assert artifacts.origin.port() == 0
    artifacts.close()


def test_the_trace_viewer_and_the_key_come_with_it(tmp_path: Path, store: Store) -> None:
    """The key is kept for the next start."""
    first, second = server(tmp_path, store), server(tmp_path, store)

    assert first.origin.key == second.origin.key
    assert len(first.origin.key) == 32
    assert first.origin.viewer is not None
    assert "key" not in repr(first.origin).replace("is_port_chosen", "")
