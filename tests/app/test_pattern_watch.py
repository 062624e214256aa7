"""Patterns that are new or explode: told once they are known to be so, never in a storm."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from outrider.app.telemetry.pattern_watch import LATE_S, PERIOD_S, PatternWatch
from outrider.model import (
    LogPattern,
    LogPatterns,
    MeasuredTable,
    Notable,
    NotablePattern,
    RecordKind,
    TelemetryReader,
)
from outrider.telemetry_store import read_notable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DAY_S = 86_400
BEGIN_S = 1_795_910_400
INFO, WARN, ERROR = 9, 13, 17


def pattern(text: str, count: int = 5, severity: int = INFO, service: str = "shop") -> LogPattern:
    return LogPattern(service, text, text, count, 0, 0, severity, text)


class Service:
    """Five minutes of patterns after each other, and a watch that looks at each once it has settled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_s = BEGIN_S
        self._said: dict[int, list[LogPattern]] = {}
        self.begin()

    def begin(self) -> None:
        """Start again, from the files."""
        self._watch = PatternWatch(
            cast("TelemetryReader", self), self.folder / "memory.json", self.folder / "told.json",
            clock=lambda: self.now_s + LATE_S,
        )  # fmt: skip

    def log_patterns(self, query: str, **_: Any) -> LogPatterns:
        """Answer as the engine does."""
        since = query.split(maxsplit=1)[0].removeprefix("since:")
        rows = self._said.get(int(datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp()), [])
        return LogPatterns(tuple(rows), 1, is_complete=True)

    def measure(self, _kind: RecordKind, _query: str, *, every_s: int) -> MeasuredTable:
        """Answer with the periods that have records, as the engine does."""
        rows = tuple((at_s, float(len(said))) for at_s, said in sorted(self._said.items()) if said)
        assert every_s == PERIOD_S
        return MeasuredTable(("time", "count"), rows, 0, 0, is_complete=True)

    def say(self, *rows: LogPattern) -> None:
        """Let five minutes pass in which these are logged."""
        self._said = {self.now_s: [*rows]}
        self.now_s += PERIOD_S
        while self._watch.look():
            pass

    def pass_days(self, days: float, rows: Iterable[LogPattern]) -> None:
        """Log the same every three hours, which is as often as others, since counts are those of five minutes."""
        for _ in range(round(days * 8)):
            self.say(*rows)
            self.now_s += 3 * 3600 - PERIOD_S

    @property
    def told(self) -> list[tuple[str, Notable]]:
        return [(row.text, row.why) for row in self.rows]

    @property
    def rows(self) -> tuple[NotablePattern, ...]:
        return read_notable(self.folder / "told.json")


def test_a_new_error_is_told_and_a_fresh_install_is_no_storm(tmp_path: Path) -> None:
    """Not in the first day of a service, nor lines below a warning, nor a warning that came once."""
    service = Service(tmp_path)
    usual = [pattern(f"line {'abcdefghij'[n]} here", severity=ERROR) for n in range(10)]
    service.pass_days(1.1, usual)
    storm = service.told

    service.say(*usual, pattern("payment refused", 1, ERROR), pattern("hello there", 99), pattern("slow disk", 1, WARN))
    service.say(*usual, pattern("pool exhausted", 3, WARN))

    assert storm == []
    assert service.told == [("pool exhausted", Notable.NEW), ("payment refused", Notable.NEW)]
    assert service.rows[1].since_s == service.rows[1].until_s - PERIOD_S == service.now_s - 2 * PERIOD_S


def test_what_was_learned_survives_a_restart(tmp_path: Path) -> None:
    """A pattern that was seen before it is not new after it; damaged files are as none."""
    service = Service(tmp_path)
    service.pass_days(1.1, [pattern("old error", severity=ERROR)])
    service.begin()
    service.say(pattern("old error", severity=ERROR), pattern("new error", severity=ERROR))
    known = service.told
    (tmp_path / "memory.json").write_text("{")
    (tmp_path / "told.json").write_text('[{"why": "odd"}]')
    service.begin()
    service.say(pattern("newest error", severity=ERROR))

    assert known == [("new error", Notable.NEW)]
    assert service.told == []


def test_an_explosion_is_told_against_the_week_before(tmp_path: Path) -> None:
    """Ten times its most in five minutes, and at least fifty; at any level; what was so a day long is usual."""
    service = Service(tmp_path)
    service.pass_days(2, [pattern("cache miss", 8), pattern("tick tock", 2)])

    service.say(pattern("cache miss", 79), pattern("tick tock", 4))
    calm = service.told
    service.say(pattern("cache miss", 789), pattern("tick tock", 49))
    fewer = service.told
    service.say(pattern("cache miss", 7_890), pattern("tick tock", 490))
    usual = {row.text: (row.count, row.usual) for row in service.rows}
    service.now_s += DAY_S
    service.say()
    service.say()

    assert (calm, fewer) == ([], [])
    assert usual == {"cache miss": (7_890, 789), "tick tock": (490, 49)}
    assert service.told == []


def test_patterns_of_a_service_are_bounded_and_old_ones_make_room(tmp_path: Path) -> None:
    """Two hundred; beyond them nothing is new until some were not seen for a week."""
    service = Service(tmp_path)
    words = [f"{a}{b}{c} stopped" for a in "abcdefgh" for b in "ijklmnop" for c in "qrst"]
    service.pass_days(1.1, [pattern(word, severity=ERROR) for word in words])
    service.say(pattern("zzz stopped", severity=ERROR))
    full = service.told
    service.now_s += 8 * DAY_S
    service.say(pattern("yyy stopped", severity=ERROR))

    assert full == []
    assert service.told == [("yyy stopped", Notable.NEW)]
    assert (tmp_path / "memory.json").stat().st_size < 200_000
