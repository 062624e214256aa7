"""A service whose pages ask for a sign-in: what commands beside it change holds at once."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs
from tests.cli.conftest import CALM, Desk
from tests.cli.test_up import up
from tests.waiting import until

from outrider.app import find_workspace, open_store
from outrider.app.access.access_rules import access_rules
from outrider.app.access.workspace_access import now_us
from outrider.server import Access

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM + "[server]\nopen_on_loopback = false\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    return desk


def test_a_service_takes_users_tokens_and_settings_while_it_runs(place: Desk) -> None:
    """Closed at first, then with a form, then for a token, and at last open again; health is told throughout."""
    with up(place) as service:
        status, closed = service.page("/")
        assert (status, "outrider users add" in closed) == (403, True)
        assert service.page("/healthz")[0] == 200
        assert service.page("/api/v1/checks")[0] == 401

        assert place.outrider("users", "add", "ada", "--role", "admin").returncode == 0
        status, form = service.page("/")  # redirects are followed
        assert (status, 'name="password"' in form) == (200, True)

        place.write("outrider.toml", CALM)
        until(lambda: service.page("/")[1].count("Overview") > 0, service.lines)
        assert service.page("/account")[0] == 200
        assert service.end() == 0


def test_a_server_that_others_reach_says_at_its_start_how_to_open_its_pages(place: Desk) -> None:
    """And no longer once somebody can sign in."""
    workspace = find_workspace(place.root)
    with open_store(workspace) as store:
        access = Access(store, access_rules(workspace, is_loopback=False), now_us)
        with capture_logs() as before:
            access.warn_if_closed()
        place.outrider("users", "add", "ada")
        with capture_logs() as after:
            access.warn_if_closed()

    assert [line["event"] for line in before] == ["pages.closed"]
    assert "outrider users add NAME --role admin" in before[0]["fix"]
    assert after == []


def test_a_secret_that_is_missing_is_logged_and_the_others_sign_in(
    place: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider refuses us without it; the file names it, and the environment may have it later."""
    oidc = '[server.oidc]\nissuer = "https://id.example"\nclient_id = "x"\nclient_secret = "OIDC"\nrole = "viewer"\n'
    place.write("outrider.toml", f'[secrets]\nOIDC = {{env = "OIDC_OF_TEST"}}\n{oidc}')
    workspace = find_workspace(place.root)

    with capture_logs() as lines:
        missing = access_rules(workspace, is_loopback=True)
    monkeypatch.setenv("OIDC_OF_TEST", "a secret of some length")
    present = access_rules(workspace, is_loopback=True)

    assert (missing.oidc_secret, present.oidc_secret) == ("", "a secret of some length")
    assert [line["event"] for line in lines] == ["access.secret"]
