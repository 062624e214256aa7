"""Play a game day on the demo shop: `python -m demo.training`, which `outrider training` calls."""

from __future__ import annotations

import argparse
import getpass
import json
import sqlite3
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from demo.shop_process import ROOT
from demo.training.game import CannotPlay, Plan, play
from demo.training.game_log import GameLog, GameUnderWay, NoGame, current_game
from demo.training.scenario_table import CAUSES, SCENARIOS, causes_named
from demo.training.score import WRONG_ANSWERS, Kind, clock, is_over
from demo.training.standing import next_scenario, standings
from outrider import BrowserError
from outrider.journeys import BrowserSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.training.game_log import Game

FOLDER = ROOT / ".outrider" / "training"
_INTERRUPTED = 130
_LAST_PORT, _DAY = 65_535, 1440
_ANY_BROWSER = BrowserSettings()


def main(arguments: Sequence[str], browser: BrowserSettings = _ANY_BROWSER) -> int:
    """Do what the command line asks.

    Args:
        arguments: Without an action first, it plays.
        browser: Which one a game needs.

    Returns:
        0 when done or passed, 1 when not passed or answered wrongly, 2 for what cannot be done now, 4 when something is
        missing, 130 when interrupted.
    """
    named = arguments and (not arguments[0].startswith("-") or arguments[0] in ("-h", "--help"))
    typed = arguments if named else ["start", *arguments]
    options = _parser().parse_args(typed, argparse.Namespace(browser=browser))
    try:
        _make(options.folder)
        return _ACTIONS[options.action](options)
    except GameUnderWay:
        code = 2
        message = "a game is under way here\n  end it by Ctrl-C in its terminal, or answer: outrider training answer"
    except NoGame:
        code, message = 2, "no game is under way here\n  start one: outrider training"
    except CannotPlay as error:
        code, message = 4, str(error)
    except sqlite3.DatabaseError as error:
        code, message = 4, f"{options.folder / 'games.db'}: {error}\n  move it aside, or name another --folder"
    except BrowserError as error:
        code, message = 4, f"{error.what}\n  {error.fix}\n  or do without: outrider training --probes"
    except KeyboardInterrupt:
        code, message = _INTERRUPTED, "interrupted: the shop is closed, and nothing of the game runs any more"
    print(message, file=sys.stderr)
    return code


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotPlay(f"no games can be kept in {folder}: {error.strerror}\n  name another --folder") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="outrider training", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--folder", type=Path, default=FOLDER, help="where games are kept (default: .outrider/training)"
    )
    actions = parser.add_subparsers(dest="action", required=True)
    start = actions.add_parser("start", parents=[common], help="play (the default)")
    start.add_argument(
        "--scenario", type=int, choices=range(1, len(SCENARIOS) + 1), help="the easiest one not passed, if absent"
    )
    start.add_argument("--team", type=_team, default=getpass.getuser(), help="who plays (default: the current user)")
    start.add_argument("--port", type=_port, help="the dashboard's port")
    start.add_argument("--probes", action="store_true", help="without a browser: scenarios that probes see")
    start.add_argument(
        "--pause", type=_amount, default=30, metavar="SECONDS", help="until something breaks, at most (default: 30)"
    )
    start.add_argument("--minutes", type=_length, default=45, help="how long there is to find the cause (default: 45)")
    start.add_argument("--no-telemetry", action="store_true", help="without traces and logs, on a small machine")
    start.add_argument("--keep", action="store_true", help="leave the dashboard open at the end, until Ctrl-C")
    answer = actions.add_parser(
        "answer", parents=[common], help="name the cause; without words, list what may be answered"
    )
    answer.add_argument("text", nargs="*", help="a name of the list, or words of your own")
    actions.add_parser("hint", parents=[common], help="show the next of three hints")
    status = actions.add_parser("status", parents=[common], help="show who has passed what")
    status.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _team(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise argparse.ArgumentTypeError("a team needs a name, in one line")
    return text.strip()


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port; 0 picks a free one")
    return number


def _amount(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= _DAY:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {_DAY}")
    return number


def _length(text: str) -> float:
    if not (minutes := _amount(text)):
        raise argparse.ArgumentTypeError("in 0 minutes nobody finds a cause")
    return minutes


def _start(options: argparse.Namespace) -> int:
    folder = options.folder.resolve()
    with GameLog(folder) as log:
        number = options.scenario or next_scenario(log.games(), options.team, by_probes=options.probes)
    scenario = SCENARIOS[number - 1]
    if options.probes and not scenario.by_probes:
        seen = ", ".join(str(own.number) for own in SCENARIOS if own.by_probes)
        raise CannotPlay(f"scenario {number} needs a browser\n  without one, play {seen}")
    print(
        "In another terminal: outrider training answer names the cause, outrider training hint helps.\n"
        "Acknowledge the incident in the product: it counts. Ctrl-C ends the game and heals the shop.",
        flush=True,
    )
    plan = Plan(
        folder, scenario, options.team, options.port, by_probes=options.probes,
        pause_s=options.pause, limit_s=options.minutes * 60, browser=options.browser,
        telemetry=not options.no_telemetry, keeps=options.keep,
    )  # fmt: skip
    return 0 if play(plan) else 1


def _answer(options: argparse.Namespace) -> int:
    text = " ".join(options.text)
    if not text:
        print("What is the cause? Answer by a name, or in your own words:")
        print("\n".join(f"  {cause.name:<17} {cause.what}" for cause in CAUSES.values()))
        return 0
    with GameLog(options.folder) as log:
        game = _broken_game(options.folder, log)
        named = causes_named(text)
        if len(named) != 1:
            several = ", ".join(cause.name for cause in named)
            what = f"that may mean several causes: {several}" if named else f'"{text}" names no cause'
            print(f"{what}\n  this does not count; the list: outrider training answer", file=sys.stderr)
            return 2
        if named[0].name == SCENARIOS[game.scenario - 1].cause:
            log.add(game.id, Kind.FOUND, text)
            print("That is the cause. The game is over; its terminal says where the debrief is.")
            return 0
        log.add(game.id, Kind.WRONG, text)
        left = WRONG_ANSWERS - sum(event.kind is Kind.WRONG for event in log.game(game.id).events)
        print("That is not the cause. " + (f"Answers left: {left}" if left else "The game is over."))
        return 1


def _hint(options: argparse.Namespace) -> int:
    with GameLog(options.folder) as log:
        game = _broken_game(options.folder, log)
        taken = sum(event.kind is Kind.HINT for event in game.events)
        hints = SCENARIOS[game.scenario - 1].hints
        if taken == len(hints):
            print("There are no more hints. You had:\n" + "\n".join(hints))
            return 0
        log.add(game.id, Kind.HINT, f"{taken + 1} of {len(hints)}")
        print(f"{taken + 1} of {len(hints)}: {hints[taken]}")
        return 0


def _broken_game(folder: Path, log: GameLog) -> Game:
    """Return the game under way in which something is broken, and not found yet."""
    game = current_game(folder, log)
    if is_over(game.events):
        raise CannotPlay("this game is over; its terminal says where the debrief is")
    if not any(event.kind is Kind.BROKEN for event in game.events):
        raise CannotPlay("nothing is broken yet\n  wait until the game's terminal says that all checks are green")
    return game


def _status(options: argparse.Namespace) -> int:
    with GameLog(options.folder) as log:
        games = log.games()
    rows = standings(games)
    if options.json:
        print(
            json.dumps(
                {
                    "scenarios": len(SCENARIOS),
                    "standings": [{**asdict(row), "passed": row.best is not None} for row in rows],
                }
            )
        )
        return 0
    if not rows:
        print("Nobody has played yet. Start: outrider training")
    for team in dict.fromkeys(row.team for row in rows):
        own = [row for row in rows if row.team == team]
        print(f"{team}: {sum(row.best is not None for row in own)} of {len(SCENARIOS)} passed")
        for row in own:
            scenario = SCENARIOS[row.scenario - 1]
            best = row.best
            result = f"passed, {best.points} points, cause after {clock(best.cause_s)}" if best else "not passed"
            print(f"  {scenario.number:>2} {scenario.level:<6} {scenario.title:<44} {result}; games: {row.games}")
    return 0


_ACTIONS = {"start": _start, "answer": _answer, "hint": _hint, "status": _status}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
