"""The debrief: a page that tells what happened, how the team did, and where the product showed it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo.training.scenario_table import CAUSES, SCENARIOS
from demo.training.score import Event, Kind, clock, score_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.training.game_log import Game

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=False
)
_SECOND_US = 1_000_000


def render_debrief(game: Game) -> str:
    """Return the page of a game that is over."""
    scenario = SCENARIOS[game.scenario - 1]
    return _TEMPLATES.get_template("debrief.html").render(
        game=game.id,
        team=game.team,
        scenario=scenario,
        cause=CAUSES[scenario.cause],
        count=len(SCENARIOS),
        score=score_of(game.events),
        clock=clock,
        timeline=_timeline(game.events),
    )


def write_debrief(folder: Path, game: Game) -> Path:
    """Write the page of a game below a folder, and return its path."""
    page = folder / "debriefs" / f"{game.id}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_debrief(game), encoding="utf-8")
    return page


def _timeline(events: Sequence[Event]) -> list[tuple[str, Event]]:
    """Return what happened in the order of time, each with its time since the fault; negative before it."""
    broken_us = next((event.at_us for event in events if event.kind is Kind.BROKEN), events[0].at_us)
    ordered = sorted(events, key=lambda event: event.at_us)
    return [(_since(event.at_us - broken_us), event) for event in ordered]


def _since(us: int) -> str:
    return ("-" if us < 0 else "") + clock(abs(us) / _SECOND_US)
