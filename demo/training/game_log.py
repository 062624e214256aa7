"""What is kept of all games: a SQLite file, to which the game and the commands beside it write."""

from __future__ import annotations

import fcntl
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from demo.training.score import Event, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_TABLES = """
create table if not exists game (id integer primary key, team text not null, scenario integer not null);
create table if not exists event (
    game integer not null references game, at_us integer not null, kind text not null, note text not null
);
"""
_BUSY_S = 10.0


class GameUnderWay(Exception):
    """Somebody plays in this folder already."""


class NoGame(Exception):
    """Nobody plays in this folder."""


@dataclass(frozen=True, slots=True)
class Game:
    """One game of a team, and what happened in it, in the order in which it was noted."""

    id: int
    team: str
    scenario: int
    events: tuple[Event, ...]


class GameLog:
    """All games that were played in a folder; each method is one transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / "games.db", timeout=_BUSY_S)
        self._connection.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def begin(self, team: str, scenario: int) -> int:
        """Add a game, and return its id."""
        with self._connection:
            game = self._connection.execute(
                "insert into game (team, scenario) values (?, ?)", (team, scenario)
            ).lastrowid
        assert game is not None
        self.add(game, Kind.STARTED)
        return game

    def add(self, game: int, kind: Kind, note: str = "", at_us: int | None = None) -> None:
        """Add what happened, now if absent."""
        moment = time.time_ns() // 1000 if at_us is None else at_us
        with self._connection:
            self._connection.execute("insert into event values (?, ?, ?, ?)", (game, moment, kind.value, note))

    def game(self, game: int) -> Game:
        """Return a game."""
        return next(own for own in self.games() if own.id == game)

    def games(self) -> tuple[Game, ...]:
        """Return all games, the first one first."""
        events: dict[int, list[Event]] = {}
        for game, at_us, kind, note in self._connection.execute("select * from event order by rowid"):
            events.setdefault(game, []).append(Event(at_us, Kind(kind), note))
        rows = self._connection.execute("select id, team, scenario from game order by id")
        return tuple(Game(number, team, scenario, tuple(events.get(number, ()))) for number, team, scenario in rows)

    def close_unfinished(self) -> None:
        """Note that games without an end were interrupted: only one plays at a time, and it has not begun yet."""
        for game in self.games():
            if not any(event.kind in (Kind.HEALED, Kind.INTERRUPTED) for event in game.events):
                self.add(game.id, Kind.INTERRUPTED, "its process was ended")


@contextmanager
def playing(folder: Path) -> Iterator[None]:
    """Be the only game of a folder meanwhile; the system lets go of it however the process ends.

    Raises:
        GameUnderWay: If another process plays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing((folder / "playing.lock").open("w")) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GameUnderWay from None
        yield


def current_game(folder: Path, log: GameLog) -> Game:
    """Return the game that another process plays.

    Raises:
        NoGame: If none does.
    """
    try:
        with playing(folder):
            raise NoGame
    except GameUnderWay:
        games = log.games()
    if not games or games[-1].events[-1].kind in (Kind.HEALED, Kind.INTERRUPTED):
        raise NoGame  # it is about to begin, or to end
    return games[-1]
