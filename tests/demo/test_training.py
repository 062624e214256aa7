"""The game day: its scenarios, what answers mean, what they are worth, and one game from beginning to end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.faults import FAULTS
from demo.shop_process import ROOT
from demo.training.__main__ import main
from demo.training.debrief import render_debrief
from demo.training.game_log import Game, GameLog
from demo.training.leftovers import MARK, end_leftovers, processes_of
from demo.training.scenario_table import CAUSES, SCENARIOS, Cause, causes_named
from demo.training.score import Event, Kind, Score, is_over, score_of
from demo.training.standing import next_scenario, standings
from tests.cli.conftest import WAIT_S, at_a_terminal, invoke

import outrider
from outrider.app.access.host_turns import user_folder
from outrider.cli.training import checkout_around
from outrider.journeys import BrowserSettings
from outrider.model import OutriderError

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE_US = 60_000_000
BROKEN, DETECTED, ACKNOWLEDGED = (
    Event(0, Kind.BROKEN), Event(MINUTE_US, Kind.DETECTED), Event(2 * MINUTE_US, Kind.ACKNOWLEDGED)
)  # fmt: skip
CLAIMS_A_FOLDER = """
import sys, time
from pathlib import Path
from outrider.journeys.processes import claim_folder
print(claim_folder(Path(sys.argv[1]))[1], flush=True)
time.sleep(600)
"""
HINT, WRONG = Event(3 * MINUTE_US, Kind.HINT, "1 of 3"), Event(3 * MINUTE_US, Kind.WRONG, "hang")


def found(minutes: int) -> Event:
    return Event(minutes * MINUTE_US, Kind.FOUND, "drift")


def test_ten_scenarios_are_ten_faults_of_the_shop_from_easy_to_nasty() -> None:
    """Their sizes are accepted, each has three hints, and levels only rise."""
    levels = ["easy", "medium", "hard", "nasty"]

    assert [own.number for own in SCENARIOS] == list(range(1, 11))
    assert len({own.cause for own in SCENARIOS}) == 10
    assert [FAULTS[own.cause].sized(own.size) for own in SCENARIOS] == [own.size for own in SCENARIOS]
    assert [len(own.hints) for own in SCENARIOS] == [3] * 10
    ranks = [levels.index(own.level) for own in SCENARIOS]
    assert ranks == sorted(ranks)
    assert set(CAUSES) == set(FAULTS)


def test_the_documentation_lists_the_scenarios() -> None:
    """In their order, and those that probes see."""
    page = (ROOT / "docs/training.md").read_text(encoding="utf-8")

    assert "\n".join(f"| {own.number} | {own.level} | {own.title} |" for own in SCENARIOS) in page
    *first, last = (str(own.number) for own in SCENARIOS if own.by_probes)
    assert f"scenarios {', '.join(first)} and {last}, which probes see" in page


def test_no_title_and_no_first_hint_names_the_cause() -> None:
    """A team that reads them still has to look."""
    texts = [text for own in SCENARIOS for text in (own.title, own.hints[0])]

    assert {text: [cause.name for cause in causes_named(text)] for text in texts if causes_named(text)} == {}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_a_cause_is_accepted_by_its_name_and_as_the_list_tells_it(cause: Cause) -> None:
    """What a team copies from the list means that cause alone."""
    assert [causes_named(text) for text in (cause.name, cause.what, cause.name.upper())] == [(cause,)] * 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The catalogue asks the DB once for each product: N+1 queries!", ["n-plus-one"]),
        ("it's the Waymark reviews, they are slow", ["slow-third-party"]),
        ("TLS cert expires soon", ["certificate"]),
        ("KeyError in the payment service", ["payment-error"]),
        ("memory leak in the front", ["memory-growth"]),
        ("random 500s everywhere", ["errors"]),
        ("somebody changed something", []),
        ("the shop is slow", []),
        ("slow query, or the third party", ["slow-third-party", "slow-query"]),
        ("", []),
    ],
)
def test_words_of_ones_own_name_causes(text: str, names: list[str]) -> None:
    """A text that names none or several is no answer."""
    assert [cause.name for cause in causes_named(text)] == names


@pytest.mark.parametrize(
    ("events", "score"),
    [
        ([BROKEN, DETECTED, ACKNOWLEDGED, found(4)], Score(60, 120, 240, 0, 0, 100)),
        ([BROKEN, DETECTED, ACKNOWLEDGED, HINT, WRONG, found(4)], Score(60, 120, 240, 1, 1, 75)),
        ([BROKEN, DETECTED, found(4)], Score(60, None, 240, 0, 0, 90)),
        ([BROKEN, DETECTED, ACKNOWLEDGED, found(8)], Score(60, 120, 480, 0, 0, 97)),
        ([BROKEN, HINT, HINT, HINT, WRONG, WRONG, found(40)], Score(None, None, 2400, 3, 2, 10)),
        ([BROKEN, DETECTED, ACKNOWLEDGED, HINT], Score(60, 120, None, 1, 0, 0)),
        ([Event(0, Kind.STARTED)], Score(None, None, None, 0, 0, 0)),
    ],
)
def test_points_are_lost_for_hints_wrong_answers_time_and_silence(events: list[Event], score: Score) -> None:
    """Times count from the fault; without the cause there are no points."""
    assert score_of(events) == score


@pytest.mark.parametrize(
    ("events", "over"),
    [([BROKEN, WRONG, WRONG], False), ([BROKEN, WRONG, WRONG, WRONG], True), ([BROKEN, found(1)], True),
     ([BROKEN, Event(1, Kind.TIME_OVER)], True), ([BROKEN, DETECTED, HINT], False)],
)  # fmt: skip
def test_the_cause_the_third_wrong_answer_and_the_time_end_a_game(events: list[Event], *, over: bool) -> None:
    """Hints do not."""
    assert is_over(events) is over


def test_standings_keep_the_best_game_and_lead_to_the_next_scenario() -> None:
    """Games in which nothing broke do not count."""
    good, bad = (BROKEN, DETECTED, ACKNOWLEDGED, found(4)), (BROKEN, WRONG, WRONG, WRONG)
    games = [
        Game(1, "ada", 1, bad), Game(2, "ada", 1, good), Game(3, "ada", 1, (BROKEN, DETECTED, found(4))),
        Game(4, "ada", 2, bad), Game(5, "grace", 3, good), Game(6, "grace", 1, (Event(0, Kind.STARTED),)),
    ]  # fmt: skip

    rows = standings(games)

    assert [(row.team, row.scenario, row.games, row.best and row.best.points) for row in rows] == [
        ("ada", 1, 3, 100), ("ada", 2, 1, None), ("grace", 3, 1, 100)
    ]  # fmt: skip
    assert [next_scenario(games, team, by_probes=False) for team in ("ada", "grace", "nobody")] == [2, 1, 1]
    assert next_scenario(games, "grace", by_probes=True) == 2
    every = [Game(number, "ada", number, good) for number in range(1, 11)]
    assert next_scenario(every, "ada", by_probes=False) == 1


def test_the_debrief_tells_cause_evidence_and_times_and_escapes_what_was_typed() -> None:
    """What was noted late stands at its time."""
    events = (Event(-MINUTE_US, Kind.STARTED), BROKEN, replace(WRONG, note="<b>hang</b>"), DETECTED, found(4))

    page = render_debrief(Game(7, "shop & co", 9, events))

    assert CAUSES["slow-drift"].what in page
    assert all(line.replace("'", "&#39;") in page for line in SCENARIOS[8].evidence)
    assert "<b>hang" not in page
    assert "shop &amp; co" in page
    assert "Passed with 75 of 100 points" in page
    assert page.index("<td>-1:00</td>") < page.index("<td>1:00</td>") < page.index("<td>3:00</td>")
    assert "Not passed" in render_debrief(Game(7, "ada", 9, events[:-1]))


def test_a_game_whose_process_was_killed_is_closed_by_the_next(tmp_path: Path) -> None:
    """One that has an end is left alone."""
    with GameLog(tmp_path) as log:
        over, killed = log.begin("ada", 1), log.begin("ada", 2)
        log.add(over, Kind.HEALED)
        log.close_unfinished()
        log.close_unfinished()

        kinds = [[event.kind for event in game.events] for game in log.games()]

    assert kinds == [[Kind.STARTED, Kind.HEALED], [Kind.STARTED, Kind.INTERRUPTED]]
    assert killed == 2


@pytest.mark.parametrize("action", [["answer", "hang"], ["hint"]])
def test_without_a_game_there_is_nothing_to_answer(
    action: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how to start one."""
    assert main([*action, "--folder", str(tmp_path)]) == 2
    assert "no game is under way here\n  start one" in capsys.readouterr().err


@pytest.mark.parametrize(("place", "what"), [("file", "no games can be kept in"), (".", "games.db: ")])
def test_a_folder_that_cannot_keep_games_is_told(
    place: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where a folder is needed, and a record of games that is damaged."""
    for name in ("file", "games.db"):
        (tmp_path / name).write_text("no database")

    for action in ("start", "status", "hint"):
        assert main([action, "--folder", str(tmp_path / place)]) == 4
        error = capsys.readouterr().err
        assert what in error
        assert "another --folder" in error


def test_a_busy_port_is_told_before_anything_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing runs and nothing is noted."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]

        code = main(["--probes", "--port", str(port), "--folder", str(tmp_path)])

    assert code == 4
    assert f"port {port} is taken\n  give another one" in capsys.readouterr().err
    assert processes_of(tmp_path) == []
    with GameLog(tmp_path) as log:
        assert log.games() == ()


def test_without_a_browser_the_way_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There are two: install one, or play what probes see."""
    code = main(["--folder", str(tmp_path)], BrowserSettings(wanted="no/such"))

    error = capsys.readouterr().err
    assert code == 4
    assert "no/such" in error
    assert "or do without: outrider training --probes" in error
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(
    ("option", "message"),
    [("--port=70000", "is no port"), ("--port=web", "web is no port"), ("--pause=soon", "soon is not between"),
     ("--minutes=nan", "is not between"), ("--minutes=0", "nobody finds a cause"),
     ("--minutes=-1", "is not between"), ("--scenario=11", "invalid choice"), ("--team= ", "needs a name")],
)  # fmt: skip
def test_a_number_that_is_none_is_refused(option: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing starts."""
    with pytest.raises(SystemExit) as ended:
        main([option])

    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_scenario_that_needs_a_browser_is_refused_to_probes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that do not are named."""
    assert main(["--probes", "--scenario", "4", "--folder", str(tmp_path)]) == 4
    assert "without one, play 2, 3, 8, 9, 10" in capsys.readouterr().err


def test_the_command_finds_the_shop_or_tells_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no part of the package: a checkout has it, and the extra brings what it imports."""
    assert checkout_around(ROOT / "docs/generator") == checkout_around(tmp_path, ROOT / "src") == ROOT
    with pytest.raises(OutriderError, match="neither this folder nor one above it has it") as lacking:
        checkout_around(tmp_path, tmp_path / "site-packages")
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(OutriderError, match="not installed: trustme") as bare:
        checkout_around(ROOT)

    assert (lacking.value.slug, bare.value.slug) == ("no-demo", "missing-extra")
    assert "make training" in lacking.value.fix
    assert "outrider[demo]" in bare.value.fix


def test_the_folder_counts_from_where_the_command_is_typed(tmp_path: Path) -> None:
    """Not from the checkout, which it is played in."""
    here = ROOT / "docs"
    typed = os.path.relpath(tmp_path / "games", here)

    done = subprocess.run(
        [sys.executable, "-m", "outrider", "training", "status", "--folder", typed],
        cwd=here, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "Nobody has played yet. Start: outrider training\n")
    assert (tmp_path / "games/games.db").is_file()


def test_the_temporary_folders_of_a_killed_game_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its workers keep what their browsers need among this user's temporary files, and cannot remove it when killed."""
    game, temporary = tmp_path / "game", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with subprocess.Popen(
        [sys.executable, "-c", CLAIMS_A_FOLDER, str(user_folder())],
        env={**os.environ, MARK: str(game)}, stdout=subprocess.PIPE, text=True,
    ) as worker:  # fmt: skip
        assert worker.stdout is not None
        claimed = Path(worker.stdout.readline().strip())
        (claimed / "profile").mkdir()

        ended = end_leftovers(game)

    assert ended == 1
    assert claimed.parent == user_folder()
    assert not claimed.exists()


class Play:
    """A game in a process of its own, and what it prints; the command is typed in a folder below the checkout."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "outrider", "training", "start", "--folder", str(folder), *options],
            cwd=ROOT / "docs",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=at_a_terminal,  # noqa: PLW1509 - no threads matter before exec
        )

    def wait_for(self, text: str) -> None:
        """Read what it prints until a line has this text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        raise AssertionError((text, self.lines))

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(WAIT_S)


@contextmanager
def played(folder: Path, *options: str) -> Iterator[Play]:
    game = Play(folder, *options)
    try:
        yield game
    finally:
        if game.process.poll() is None:
            game.end(signal.SIGINT)
        assert game.process.stdout is not None
        game.process.stdout.close()


@pytest.mark.slow
def test_a_game_is_killed_interrupted_and_played_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The next start ends what a killed one left; Ctrl-C leaves nothing; the cause is found, and who did is kept."""
    options = ("--probes", "--no-telemetry", "--scenario", "3", "--pause", "0", "--team", "ada", "--port", "0")
    here = ("--folder", str(tmp_path))

    with played(tmp_path, *options) as game:
        game.wait_for("The shop is open")
        game.end(signal.SIGKILL)
    left_by_kill = processes_of(tmp_path)
    with played(tmp_path, *options) as game:
        game.wait_for("The shop is open")
        still_left = [process for process in left_by_kill if process.is_running()]
        second_start = main([*options, *here])
        interrupted = game.end(signal.SIGINT)
    left_by_interrupt = processes_of(tmp_path)
    with played(tmp_path, *options) as game:
        game.wait_for("detected")
        with outrider.open_workspace(tmp_path / "workspace") as workspace:
            incident = workspace.incidents()[0]
        invoke(tmp_path / "workspace", "ack", incident.id, "--by", "ada")
        game.wait_for("acknowledged")
        typed = (["hint"], ["answer", "hang"], ["answer", "perhaps"], ["answer", "the certificate", "expires"])
        codes = [main([*words, *here]) for words in typed]
        game.wait_for("The shop is healed")
        game.process.wait(WAIT_S)
    judged = json.loads(invoke(tmp_path / "workspace", "judge", "--json").stdout)
    capsys.readouterr()

    assert left_by_kill
    assert (still_left, second_start, interrupted, left_by_interrupt) == ([], 2, 130, [])
    assert (codes, game.process.returncode, processes_of(tmp_path)) == ([0, 1, 2, 0], 0, [])
    assert main(["status", "--json", *here]) == 0
    (row,) = json.loads(capsys.readouterr().out)["standings"]
    assert (row["team"], row["scenario"], row["games"], row["passed"]) == ("ada", 3, 1, True)
    assert (row["best"]["hints"], row["best"]["wrong"]) == (1, 1)
    assert row["best"]["detect_s"] <= row["best"]["acknowledge_s"] <= row["best"]["cause_s"]
    assert "<h1>Nobody complains yet</h1>" in (tmp_path / "debriefs/3.html").read_text(encoding="utf-8")
    assert {own["step"]: own["condition"] for own in judged if own["step"]} == {
        "request": "steady",
        "handshake": "steady",
    }
    runbooks = list((tmp_path / "workspace/scheduler/runbooks").glob("*.md"))
    assert runbooks
    assert not [page for page in runbooks if "demo.faults" in page.read_text(encoding="utf-8")]
