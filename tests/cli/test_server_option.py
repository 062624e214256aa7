"""Commands with `--server`: the same output as in the workspace, from anywhere, and clear errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import CALM, Desk, invoke
from tests.cli.test_up import up
from tests.dashboard.error_scene import declined, page_error
from tests.waiting import until

from outrider.app import open_store
from outrider.app.access.workspace_access import now_us
from outrider.cli.main import cli
from outrider.cli.server_option import REMOTE
from outrider.model import Commit, SessionCount
from outrider.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

SHIFTS = """
[rotation.primary]
people = ["ada", "grace"]
start = 2026-01-05T09:00:00
shift = "1w"
[person.ada]
receivers = ["pager"]
[person.grace]
receivers = ["pager"]
[receiver.pager]
kind = "webhook"
url = "http://127.0.0.1:9/"
"""


@pytest.fixture
def place(tmp_path: Path, site: str) -> Desk:
    """A workspace whose pages want a token, with a probe that runs when it is asked for."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    server = '[server]\nopen_on_loopback = false\npersonal = "viewer"\n[errors]\nlisten = "127.0.0.1:0"\n'
    desk.write("outrider.toml", f'{CALM}[defaults]\nevery = "1h"\n{server}')
    desk.write("probes/a.toml", f'[home]\nkind = "http"\nurl = "{site}/tiny"\n')
    desk.write("scheduler/alerts.toml", SHIFTS)
    return desk


def test_a_server_answers_as_its_workspace_does(place: Desk, tmp_path: Path) -> None:
    """With a token in the environment, in a folder without a workspace, by option and by variable."""
    away = tmp_path / "away"
    away.mkdir()
    with open_store(load(place.root)) as store:
        store.release_health.add([SessionCount(1, "production", "shop@v1", now_us(), "a", 3, 1, 1)], 1)
        store.errors.add([declined(2), declined(1), page_error()])
        store.commits.record("2.4.1", [Commit("a1b2c3d", "Ada", "", "Charge once", ("shop/payment.py",))], now_us())
    with up(place) as service:
        port = json.loads(service.wait_for("pages.answer"))["port"]
        url = f"http://127.0.0.1:{port}"
        token = place.outrider("tokens", "create", "ci", "--role", "operator").stdout.split()[0]
        reader = place.outrider("tokens", "create", "reader").stdout.split()[0]

        def remote(*arguments: str, **environment: str) -> tuple[int, str, str]:
            done = invoke(away, *arguments, **{"OUTRIDER_SERVER": url, "OUTRIDER_TOKEN": token, **environment})
            return done.returncode, done.stdout, done.stderr

        service.wait_for("alerts.began")
        code, requested, _ = remote("now", "home")
        run = requested.split()[0]
        until(lambda: run in place.outrider("runs", "--json").stdout, service.lines)
        assert code == 0
        assert remote("release", "v1", "--commits", "HEAD")[0] == 2
        assert remote("release", "v1")[0] == 0
        assert remote("views", "faults", "is:all TypeError", "--of", "errors")[0] == 0
        ignored = remote("errors", "--server", url, "ignore", "1", "#2", "--for", "7d", "--users", "50")
        assert ignored[1] == "ignore #1 #2: for 7d, until 50 users\n"
        assert remote("errors", "comment", "#1", "seen")[1] == "comment #1: seen\n"
        assert [remote("errors", *words)[0] for words in (("show", "9"), ("show", "1", "--event", "ab"))] == [2, 2]
        assert "[not-remote]" in remote("errors", "reopen", "1", "--by", "ada")[2]
        assert remote("silence", "kind=probe", "--for", "2h", "--comment", "roof")[0] == 0
        assert "token ci: cache warmed" in remote("annotate", "cache warmed", "--check", "home")[1]
        assert remote("views", "late", "level>=error since:1d")[0] == 0
        assert remote("views", "gone/now", "x", "--of", "traces")[0] == 0
        assert remote("views", "gone/now", "--of", "traces", "--remove")[0] == 0
        assert "[bad-query]" in remote("views", "broken", '"open')[2]
        assert "[unknown-view]" in remote("views", "absent", "--remove")[2]
        assert "[not-remote]" in remote("export", "rollups")[2]
        assert remote("pause", "home", "--reason", "roof")[1] == "paused probe:probes/a.toml::home\n"

        for command in (
            ("runs", "--json"), ("runs",), ("runs", "--location", "local"), ("show", run, "--json"), ("show", run),
            ("incidents", "--json"),
            ("incidents",), ("silence", "--json"), ("silence",), ("release", "--json"), ("release",),
            ("releases",), ("releases", "--json"), ("errors",), ("errors", "is:all", "basket", "--json"),
            ("errors", "list", "--view", "faults"), ("errors", "show", "#1"), ("errors", "show", "2"),
            ("errors", "show", "1", "--personal", "--json"), ("errors", "show", "1", "--personal"),
            ("annotate",), ("annotate", "--json"), ("views",),
            ("views", "--json"), ("ls",), ("ls", "--json"), ("changes",), ("changes", "--json"),
            ("export", "samples"), ("export", "runs", "--format", "json"),
            ("export", "incidents"),
            ("audit",), ("audit", "--json"),
        ):  # fmt: skip
            own = place.outrider(*command)
            if command != ("audit", "--json"):  # keys of the store stay there
                assert remote(*command) == (own.returncode, own.stdout, own.stderr), command
        duty, own_duty = (text.split() for text in (remote("oncall")[1], place.outrider("oncall").stdout))
        assert (duty[:2], duty[3:]) == (own_duty[:2], own_duty[3:])  # between them is the second in which it was asked
        assert "ada" in duty
        status, own_status = (
            json.loads(text) for text in (remote("status", "--json")[1], place.outrider("status", "--json").stdout)
        )
        assert status.keys() == own_status.keys()
        issue, own_issue = (json.loads(text) for text in (
            remote("errors", "show", "1", "--json")[1], place.outrider("errors", "show", "1", "--json").stdout
        ))  # fmt: skip
        assert issue.pop("event")["user"] != own_issue.pop("event")["user"]  # masked by a server
        assert issue == own_issue
        whole = remote("errors", "show", "1", "--personal", OUTRIDER_TOKEN=reader)[1]
        assert ("mail: anna.1@shop.example" in whole, "User-Agent: Firefox" in whole) == (True, True)
        assert "event.read" in remote("audit")[1]
        assert issue["commits"][0]["file"] == "shop/payment.py"
        assert (status["checks"], status["paused"], status["running"]) == (
            own_status["checks"],
            own_status["paused"],
            True,
        )

        code, _, errors = remote("settings", "set", "capabilities.load", "false")
        assert (code, "[role-too-low]" in errors, "--role admin" in errors) == (2, True, True)
        assert "capabilities.load" in remote("settings")[1]
        assert remote("resume", "home")[1] == "resumed probe:probes/a.toml::home\n"
        by_option = invoke(away, "--server", url, "runs", "--json", OUTRIDER_TOKEN=token)
        assert by_option.stdout == remote("runs", "--json", "--server", url, OUTRIDER_SERVER="http://127.0.0.1:9")[1]

        assert "[not-signed-in]" in remote("runs", OUTRIDER_TOKEN="")[2]
        assert "[invalid-token]" in remote("runs", OUTRIDER_TOKEN="outrider_api_old")[2]
        code, _, errors = remote("pause", "home", OUTRIDER_TOKEN=reader)
        assert (code, "[role-too-low]" in errors, "--role operator" in errors) == (2, True, True)
        code, _, errors = remote("show", "zzz")
        assert (code, "[unknown-run]" in errors) == (2, True)
        assert service.end() == 0
    code, _, errors = remote("status")
    assert (code, "[server-unreachable]" in errors) == (4, True)


@pytest.mark.parametrize("command", [["judge"], ["run"], ["tokens", "list"], ["up"], ["import"]])
def test_a_command_that_works_in_a_workspace_only_says_so(tmp_path: Path, command: list[str]) -> None:
    """Before and after its name, and it does nothing."""
    for arguments in (
        ["--server", "http://127.0.0.1:9", *command],
        [command[0], "--server", "http://127.0.0.1:9", *command[1:]],
    ):
        done = invoke(tmp_path, *arguments)
        assert (done.returncode, "[not-remote]" in done.stderr, done.stdout) == (2, True, "")


def test_what_needs_the_folder_says_so(tmp_path: Path) -> None:
    """Options of commands that a server answers otherwise."""
    for arguments in (
        ("show", "x", "--export", "evidence"),
        ("show", "x", "--against", "last-good"),
        ("show", "x", "--open", "har"),
    ):
        done = invoke(tmp_path, *arguments, OUTRIDER_SERVER="http://127.0.0.1:9")
        assert (done.returncode, "[not-remote]" in done.stderr) == (2, True)


def test_a_command_that_does_not_ask_the_server_of_the_environment_says_so(place: Desk) -> None:
    """Somebody may take its numbers for those of the server."""
    done = place.outrider("judge", OUTRIDER_SERVER="http://127.0.0.1:9")

    assert "warning: OUTRIDER_SERVER is set, and outrider judge asks the workspace of this folder" in done.stderr


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    """A mistyped one is a wrong use of the command."""
    done = invoke(tmp_path, "runs", "--server", "shop")

    assert (done.returncode, "[bad-server]" in done.stderr) == (2, True)


def test_help_names_the_option_where_a_server_answers() -> None:
    """And nowhere else."""
    from click import Context

    named = set()
    for name in cli.list_commands(Context(cli)):
        command = cli.get_command(Context(cli), name)
        assert command is not None
        if "--server" in command.get_help(Context(command, info_name=name)):
            named.add(name)

    assert named == REMOTE | {"worker"}
