"""At QA's desk: a browser to look at, the inspector, runs on save, and the recorder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import CALM, Desk, at_a_terminal

from outrider.app import find_workspace, record_journey
from outrider.journeys import BrowserSettings, find_browser
from outrider.model import BrowserError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
JOURNEY = "def test_{name}(page):\n    page.set_content('<h1>{name}</h1>')\n"
RECORDED = "from playwright.sync_api import Page\n\n\ndef test_example(page: Page) -> None:\n    page.goto('/')\n"


def windowed_browser() -> str:
    """Return why nothing can be shown here, or nothing."""
    if shutil.which("xvfb-run") is None:
        return "there is no xvfb-run"
    try:
        find_browser(BrowserSettings(with_window=True))
    except BrowserError as error:
        return error.what.splitlines()[0]
    return ""


shown = pytest.mark.skipif(bool(windowed_browser()), reason=windowed_browser())


@pytest.fixture
def own_desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.temporary.mkdir()
    desk.write("outrider.toml", CALM)
    desk.write("journeys/test_pay.py", JOURNEY.format(name="pay"))
    return desk


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (("run", "--headed"), "leave --headed away"),
        (("run", "--debug", "-k", "pay"), "outrider show RUN --open trace"),
        (("record", "http://127.0.0.1:9/"), "record on a machine with a display"),
    ],
)
def test_without_a_display_each_says_what_to_do(own_desk: Desk, command: tuple[str, ...], advice: str) -> None:
    """Exit code 2, and nothing is begun."""
    done = own_desk.outrider(*command, **NO_DISPLAY)

    assert done.returncode == 2, done.stderr
    assert "this machine has no display" in done.stderr
    assert advice in done.stderr
    assert "[no-display]" in done.stderr
    assert [path.name for path in (own_desk.root / "journeys").iterdir()] == ["test_pay.py"]


@pytest.mark.parametrize(
    "options", [("--debug", "--watch"), ("--watch", "--json"), ("--debug", "--repeat", "3"), ("--debug", "--json")]
)
def test_modes_that_exclude_each_other_are_refused(own_desk: Desk, options: tuple[str, ...]) -> None:
    """A watch has no end that JSON could be printed at, and the inspector runs one test once."""
    done = own_desk.outrider("run", *options)

    assert done.returncode == 2
    assert "exclude each other" in done.stderr


@pytest.fixture
def address() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.fixture
def with_display(own_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk at which a display is named, and a browser that only says its version."""
    browser = own_desk.root / "chromium"
    browser.write_text("#!/bin/sh\necho Chromium 999.0.0.0\n")
    browser.chmod(0o755)
    own_desk.write("outrider.toml", f'{CALM}[browser]\nexecutable = "chromium"\n')
    monkeypatch.setenv("DISPLAY", ":99")
    return own_desk


def recorder(url: str, output: Path, environment: Mapping[str, str]) -> None:
    """Record what somebody would have clicked."""
    assert url.startswith("http://127.0.0.1")
    assert "PLAYWRIGHT_BROWSERS_PATH" in environment
    output.write_text(RECORDED)


def test_a_recorded_journey_is_a_test_of_the_workspace(with_display: Desk, address: str) -> None:
    """Under the name that was given, or one made of the address."""
    workspace = find_workspace(with_display.root)

    named = record_journey(workspace, address, "Buy a book", record=recorder)
    unnamed = record_journey(workspace, address, record=recorder)

    assert (named.path, unnamed.path) == ("journeys/test_buy_a_book.py", "journeys/test_127_0_0_1.py")
    text = (with_display.root / named.path).read_text()
    assert text == RECORDED.replace("test_example", "test_buy_a_book")


def test_a_journey_that_exists_is_replaced_only_by_force(with_display: Desk, address: str) -> None:
    """Before any window opens."""
    workspace = find_workspace(with_display.root)

    with pytest.raises(UsageError) as caught:
        record_journey(workspace, address, "pay")
    before = (with_display.root / "journeys" / "test_pay.py").read_text()
    record_journey(workspace, address, "pay", force=True, record=recorder)

    assert caught.value.slug == "file-exists"
    assert before == JOURNEY.format(name="pay")
    assert "page.goto" in (with_display.root / "journeys" / "test_pay.py").read_text()


def test_an_address_where_nobody_listens_is_an_error(with_display: Desk) -> None:
    """The recorder would show an empty window."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = with_display.outrider("record", f"http://127.0.0.1:{closed.getsockname()[1]}/", "buy")

    assert done.returncode == 2
    assert "[no-answer]" in done.stderr


def test_a_window_that_is_closed_at_once_writes_nothing(with_display: Desk, address: str) -> None:
    """The message says to click first."""
    with pytest.raises(UsageError) as caught:
        record_journey(find_workspace(with_display.root), address, "buy", record=lambda *_: None)

    assert caught.value.slug == "nothing-recorded"
    assert not (with_display.root / "journeys" / "test_buy.py").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "slug"),
    [
        (("shop.example",), 2, "is not a URL"),
        (("http://127.0.0.1:9/", "../pay"), 2, "[bad-name]"),
        (("http://127.0.0.1:9/", "..."), 2, "[bad-name]"),
    ],
)
def test_an_address_or_name_that_is_none_is_refused(
    own_desk: Desk, arguments: tuple[str, ...], code: int, slug: str
) -> None:
    """With what to write instead."""
    done = own_desk.outrider("record", *arguments, **NO_DISPLAY)

    assert (done.returncode, slug in done.stderr) == (code, True), done.stderr


def test_recording_needs_a_workspace(tmp_path: Path) -> None:
    """The journey would lie where nobody runs it."""
    desk = Desk(tmp_path, tmp_path, in_process=True)

    done = desk.outrider("record", "http://127.0.0.1:9/")

    assert (done.returncode, "[no-workspace]" in done.stderr) == (2, True)


@pytest.mark.browser
@shown
def test_a_headed_run_is_seen_and_kept_apart(own_desk: Desk) -> None:
    """The browser of the fixture, and one that a test launches itself."""
    own_desk.write(
        "journeys/test_pay.py",
        "from playwright.sync_api import sync_playwright\n\n"
        "def test_page(page):\n    page.set_content('x')\n"
        "    assert 'Headless' not in page.evaluate('navigator.userAgent')\n\n"
        "def test_own():\n    with sync_playwright() as playwright:\n"
        "        page = playwright.chromium.launch().new_page()\n        page.set_content('x')\n"
        "        assert 'Headless' not in page.evaluate('navigator.userAgent')\n",
    )
    done = subprocess.run(
        ["xvfb-run", "-a", sys.executable, "-m", "outrider", "run", "--headed"],
        cwd=own_desk.root, env={**os.environ, "TMPDIR": str(own_desk.temporary)},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    runs = own_desk.json("runs", "--json")
    assert {run["environment"] for run in runs} == {"production-trial"}


@pytest.mark.browser
def test_a_watch_runs_again_on_save_until_it_is_interrupted(own_desk: Desk) -> None:
    """A deleted file is told and waited for; Ctrl-C leaves no process and no half-written run."""
    environment = {**os.environ, "TMPDIR": str(own_desk.temporary)}
    process = subprocess.Popen(
        [sys.executable, "-m", "outrider", "run", "--watch", "-k", "pay"], cwd=own_desk.root, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=at_a_terminal,  # noqa: PLW1509 - it only sets a signal
    )  # fmt: skip
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    journey = own_desk.root / "journeys" / "test_pay.py"

    def until(text: str) -> list[str]:
        read = []
        for line in lines:
            read.append(line)
            if text in line:
                return read
        raise AssertionError(read)

    first = until("waiting for a file to be saved")
    journey.write_text("def test_pay(page):\n    page.set_content('x')\n    assert page.title() == 'Paid'\n")
    second = until("waiting for a file to be saved")
    journey.unlink()
    third = until("waiting for a file to be saved")
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)[1]

    assert any("passed journeys/test_pay.py::test_pay" in line for line in first), first
    assert any("changed: journeys/test_pay.py" in line for line in second), second
    assert any("failed journeys/test_pay.py::test_pay" in line for line in second), second
    assert any("journeys/test_pay.py (gone)" in line for line in third), third
    assert process.returncode == 130
    assert "interrupted" in rest
    assert own_desk.leftovers() == []
