"""Who has passed what: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.training.scenario_table import SCENARIOS
from demo.training.score import Kind, Score, score_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.training.game_log import Game


@dataclass(frozen=True, slots=True)
class Standing:
    """How a team does in one scenario.

    Attributes:
        games: How often it was played until something broke.
        best: The score with the most points; None if it was never passed.
    """

    team: str
    scenario: int
    games: int
    best: Score | None


def standings(games: Sequence[Game]) -> list[Standing]:
    """Return how each team does in each scenario that it played, by name and number."""
    played: dict[tuple[str, int], list[Score]] = {}
    for game in games:
        if any(event.kind is Kind.BROKEN for event in game.events):
            played.setdefault((game.team, game.scenario), []).append(score_of(game.events))
    return [Standing(team, scenario, len(scores), _best(scores)) for (team, scenario), scores in sorted(played.items())]


def _best(scores: Sequence[Score]) -> Score | None:
    return max((score for score in scores if score.passed), key=lambda score: score.points, default=None)


def next_scenario(games: Sequence[Game], team: str, *, by_probes: bool) -> int:
    """Return the easiest scenario that a team has not passed; after the last one, the first one again."""
    passed = {own.scenario for own in standings(games) if own.team == team and own.best}
    playable = [scenario.number for scenario in SCENARIOS if scenario.by_probes or not by_probes]
    return next((number for number in playable if number not in passed), playable[0])
