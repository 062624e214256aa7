"""A game, from the opening of the shop to its healing."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import outrider
from demo.held_port import HeldPort
from demo.patience import Patience
from demo.postbox import Postbox
from demo.shop_process import opened
from demo.training.debrief import write_debrief
from demo.training.game_log import Game, GameLog, playing
from demo.training.leftovers import MARK, end_leftovers
from demo.training.score import Event, Kind, clock, is_over, score_of
from demo.watched_shop import Shop
from outrider.app import headline
from outrider.journeys import find_browser
from outrider.model import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from demo.training.scenario_table import Scenario
    from outrider.journeys import BrowserSettings

PROBES: Final = tuple(f"probes/shop.toml::{name}" for name in ("home", "health", "certificate"))
JOURNEYS: Final = tuple(f"journeys/test_{name}.py" for name in ("checkout", "browse", "third_party"))
DASHBOARD_PORT: Final = 8710
_GREEN_RUNS = 400
"""Of six checks every fifteen seconds: a machine that is not busy needs ten minutes for them."""
_TRACED_RUNS = 4
"""Where the time went is told by traces if at least three runs from before it have some."""
_LATEST = 400
_ROUNDS = 6
_PAST_EVERY_S = 900.0
_ENDS = (signal.SIGTERM, signal.SIGHUP)
_SECOND_US = 1_000_000
_WELL: Final = (outrider.Outcome.PASSED, outrider.Outcome.PASSED_ON_RETRY)


class CannotPlay(Exception):
    """Something is missing; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played.

    Attributes:
        folder: Where all games of this place are kept.
        port: Of the dashboard; None for the usual one, or any free one.
        by_probes: Whether to do without a browser.
        pause_s: How long it takes at most until something breaks.
        limit_s: How long the team has, from then on.
        browser: Which one journeys need.
        telemetry: Whether to take it, where its extra is installed.
        keeps: Whether the dashboard stays open at the end, until Ctrl-C.
    """

    folder: Path
    scenario: Scenario
    team: str
    port: int | None
    by_probes: bool
    pause_s: float
    limit_s: float
    browser: BrowserSettings
    telemetry: bool = True
    keeps: bool = False

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that watch the shop."""
        return PROBES if self.by_probes else (*PROBES, *JOURNEYS)


def play(plan: Plan) -> bool:
    """Play a game, and return whether its cause was found; whatever happens, nothing of it runs afterwards.

    Raises:
        GameUnderWay: If somebody plays in this folder.
        CannotPlay: If a port is taken, or the shop does not become green.
        outrider.BrowserError: If there is no browser.
    """
    with playing(plan.folder), GameLog(plan.folder) as log:
        if count := end_leftovers(plan.folder):
            print(f"Ended what a killed game left: {counted(count, 'process', 'processes')}.", flush=True)
        log.close_unfinished()
        if not plan.by_probes:
            find_browser(plan.browser)
        port = _dashboard_port(plan.port)
        for number in _ENDS:  # shop and service end with the game
            signal.signal(number, signal.default_int_handler)
        os.environ[MARK] = str(plan.folder)
        game = log.begin(plan.team, plan.scenario.number)
        try:
            _play(plan, log, game, port)
        except BaseException as error:
            log.add(game, Kind.INTERRUPTED, "by its player" if isinstance(error, KeyboardInterrupt) else str(error))
            raise
        finally:
            for number in (signal.SIGINT, *_ENDS):  # a second Ctrl-C would leave something running
                signal.signal(number, signal.SIG_IGN)
            end_leftovers(plan.folder)
        return score_of(log.game(game).events).passed


def _dashboard_port(wanted: int | None) -> HeldPort:
    port = HeldPort(DASHBOARD_PORT if wanted is None else wanted)
    if wanted and port.number != wanted:
        port.let_go()
        raise CannotPlay(f"port {wanted} is taken\n  give another one, or leave out --port for a free one")
    return port


def _play(plan: Plan, log: GameLog, game: int, port: HeldPort) -> None:
    takes_telemetry = plan.telemetry and find_spec("chdb") and find_spec("clickhouse_connect")
    telemetry = HeldPort(4318) if takes_telemetry else None
    receiver = f"http://{telemetry.address}" if telemetry else ""
    with ExitStack() as stack:
        postbox = stack.enter_context(Postbox())
        environment = {**os.environ, "OUTRIDER_SMTP": postbox.url}
        errors = None if plan.by_probes else HeldPort(4319)  # probes run no scripts, and do not pay
        shop = Shop(plan.folder / "workspace", "", environment, port, telemetry, errors)
        shop.make_workspace(plan.checks, "3s" if plan.by_probes else "15s")
        _hide_faults(shop.workspace / "scheduler/runbooks")
        real_users = ""
        if errors:
            shop.project("payment")
            real_users = shop.project("front", "--origin", "*")
        address = stack.enter_context(opened(shop.workspace / ".outrider", receiver, real_users))
        shop = replace(shop, address=address["SHOP_URL"], environment={**environment, **address})
        stack.callback(end_leftovers, plan.folder)  # at once: the shop would wait for who takes its telemetry
        _say(f"The shop is open at {shop.address}. Its checks run for the first time, and get a past of four days …")
        _prepare(shop, plan.checks)
        stack.enter_context(shop.watched())
        _wait_for_green(shop, plan.checks)
        _say(
            f"All checks are green. The dashboard: {shop.dashboard}\n"
            f"Commands work in {shop.workspace}\n"
            f"Scenario {plan.scenario.number}, {plan.scenario.level}: something breaks within {plan.pause_s:g} seconds."
        )
        time.sleep(random.uniform(0, plan.pause_s))
        shop.fault(plan.scenario.cause, str(plan.scenario.size))
        log.add(game, Kind.BROKEN)
        for event in _watch(plan, shop, log, game):
            _tell(event, log.game(game).events)
        shop.fault("--off")
        log.add(game, Kind.HEALED)
        _tell_end(plan, log.game(game))
        if plan.keeps:
            _say(f"The dashboard stays open until Ctrl-C: {shop.dashboard}")
            with suppress(KeyboardInterrupt):
                threading.Event().wait()


def _hide_faults(runbooks: Path) -> None:
    """Take out of the demo's runbooks which fault they are about."""
    for page in runbooks.glob("*.md"):
        lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
        page.write_text("".join(line for line in lines if "demo.faults" not in line), encoding="utf-8")


def _prepare(shop: Shop, checks: tuple[str, ...]) -> None:
    """Run each check twice, and simulate a past like what passed; a busy host takes more rounds."""
    left = checks
    for _ in range(_ROUNDS):
        shop.outrider("run", *left, "--repeat", "2", quiet=True)
        left = tuple(check for check in checks if not shop.times_passed(check))
        if not left:
            shop.simulate_history(_PAST_EVERY_S)
            return
    raise CannotPlay(f"these did not pass while the shop was healthy: {', '.join(left)}\n  {shop.log} says why")


def _wait_for_green(shop: Shop, checks: tuple[str, ...]) -> None:
    """Wait until every check passed a few times, the last one of them, too, and no incident is open."""
    since_us = time.time_ns() // 1000
    patience = Patience(lambda: shop.measured(since_us).total(), _GREEN_RUNS)
    wanted = _TRACED_RUNS if shop.telemetry else 1
    with outrider.open_workspace(shop.workspace) as workspace:
        while patience.lasts():
            runs = [run for run in reversed(workspace.runs(limit=_LATEST)) if run.due_us >= since_us]
            latest = {run.check: run.outcome for run in runs}
            good = Counter(run.check for run in runs if run.outcome in _WELL and latest[run.check] in _WELL)
            is_calm = not any(incident.opened_us for incident in workspace.incidents())
            if is_calm and all(any(check in name and good[name] >= wanted for name in good) for check in checks):
                return
            time.sleep(1)
    raise CannotPlay(f"the checks were not green, and ran {patience.runs} times; {shop.log} says why")


def _watch(plan: Plan, shop: Shop, log: GameLog, game: int) -> Iterator[Event]:
    """Note what the product and the team do until the game is over, and yield what is new."""
    known = len(log.game(game).events)
    until_s = time.monotonic() + plan.limit_s
    with outrider.open_workspace(shop.workspace) as workspace:
        while True:
            _note_incidents(workspace, log, game)
            if time.monotonic() > until_s:
                log.add(game, Kind.TIME_OVER)
            events = log.game(game).events
            yield from events[known:]
            known = len(events)
            if is_over(events):
                return
            time.sleep(1)


def _note_incidents(workspace: outrider.OpenWorkspace, log: GameLog, game: int) -> None:
    """Note the first incident since the fault that opened, and the first that somebody acknowledged."""
    events = log.game(game).events
    kinds = {event.kind for event in events}
    broken_us = next(event.at_us for event in events if event.kind is Kind.BROKEN)
    incidents = [
        own for own in workspace.incidents(include_resolved=True) if own.opened_us and own.opened_us >= broken_us
    ]
    if incidents and Kind.DETECTED not in kinds:
        first = min(incidents, key=lambda own: own.opened_us or 0)
        log.add(game, Kind.DETECTED, headline(first, is_brief=True), first.opened_us)
    acknowledged = next((own for own in incidents if own.acknowledged_by), None)
    if acknowledged and Kind.ACKNOWLEDGED not in kinds:
        note = f"{headline(acknowledged, is_brief=True)}, by {acknowledged.acknowledged_by}"
        log.add(game, Kind.ACKNOWLEDGED, note)


def _tell(event: Event, events: tuple[Event, ...]) -> None:
    broken_us = next(own.at_us for own in events if own.kind is Kind.BROKEN)
    note = f": {event.note}" if event.note else ""
    print(f"  {clock((event.at_us - broken_us) / _SECOND_US):>6}  {event.kind}{note}", flush=True)


def _tell_end(plan: Plan, game: Game) -> None:
    page = write_debrief(plan.folder, game)
    score = score_of(game.events)
    outcome = f"passed with {score.points} points" if score.passed else "not passed"
    _say(
        f"The shop is healed. Scenario {game.scenario}: {outcome}. To detect {clock(score.detect_s)}, "
        f"to acknowledge {clock(score.acknowledge_s)}, to the cause {clock(score.cause_s)}.\n"
        f"What there was to see: {page}"
    )


def _say(text: str) -> None:
    print(f"\n{text}\n", flush=True)
