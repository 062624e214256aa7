"""What becomes of a configuration: probes, alert settings, and what is left over with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from outrider.workspace import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME = re.compile(r"[^a-z0-9]+")
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(ms|us|µs|ns|[smhdwy]))")
_LONGEST_S: Final = 1e9
_SECONDS: Final = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0,
    "w": 604_800.0, "y": 31_536_000.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that is not carried over.

    Attributes:
        line: Where it stands, if that is known.
        where: What it belongs to: `endpoints[2] front-end`.
        what: Its key, or nothing for all of it.
        why: For a reader.
        is_secret: It is carried over as a variable, which is to be set.
    """

    line: int | None
    where: str
    what: str
    why: str
    is_secret: bool = False

    def __str__(self) -> str:
        """Return it on one line."""
        line = f"line {self.line}: " if self.line is not None else ""
        return f"{line}{self.where}{'.' if self.what else ''}{self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class ConvertedProbe:
    """A table of a probe.

    Attributes:
        origin: What it was made of, as in a leftover.
        line: Of that.
    """

    name: str
    table: Mapping[str, object]
    origin: str
    line: int | None = None


@dataclass(slots=True)
class Conversion:
    """What is made of one configuration.

    Attributes:
        alerts: Tables for `scheduler/alerts.toml`: dotted name and content.
    """

    probes: list[ConvertedProbe] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    alerts: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def name_for(self, *parts: object) -> str:
        """Return a name that no other probe has, made of what a monitor calls it."""
        words = "-".join(word for part in parts if (word := _NAME.sub("-", str(part or "").lower()).strip("-")))
        base, number = words[:80] or "probe", 1
        name = base
        while name in self._names:
            number += 1
            name = f"{base}-{number}"
        self._names.add(name)
        return name

    def leave(self, source: Source, what: str, why: str, *, is_secret: bool = False) -> None:
        """Note that something is not carried over."""
        self.leftovers.append(Leftover(source.line_of(what), source.where, what, why, is_secret))


class Source:
    """A table of another monitor; what nobody takes from it is left over.

    Args:
        data: The table; anything else counts as an empty one.
        where: What it is called.
        conversion: Takes what is left over.
    """

    def __init__(self, data: object, where: str, conversion: Conversion) -> None:
        self.where = where
        self.data: dict[Any, Any] = data if isinstance(data, dict) else {}
        self._lines: Mapping[Any, int] = getattr(data, "lines", {})
        self._taken: set[Any] = set()
        self._conversion = conversion
        if data is not None and not isinstance(data, dict):
            self.leave("", "is no table")

    def line_of(self, key: str = "") -> int | None:
        """Return the line of a key, also of one in a table within, or of the first."""
        outer, _, inner = key.partition(".")
        inner_lines: Mapping[Any, int] = getattr(self.data.get(outer), "lines", {})
        first = min(self._lines.values(), default=None)
        return self._lines.get(key, inner_lines.get(inner, self._lines.get(outer, first)))

    def take(self, key: str) -> Any:
        """Return a value, which is then not left over."""
        self._taken.add(key)
        return self.data.get(key)

    def text(self, key: str) -> str:
        """Return a text, also of a number; what is neither is left over."""
        value = self.take(key)
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if value is not None:
            self.leave(key, "is no text")
        return ""

    def number(self, key: str) -> float | None:
        """Return a number, also of a text."""
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            self.leave(key, "is no number")
            return None
        return number if abs(number) < 1e9 else None

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return whether something is switched on."""
        value = self.take(key)
        return default if value is None else bool(value)

    def seconds(self, key: str) -> float | None:
        """Return a duration as Go writes it, or a number of seconds."""
        value = self.take(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        seconds = float(value) if is_number and abs(value) < _LONGEST_S else go_seconds(str(value))
        if seconds is None or not 0 <= seconds < _LONGEST_S:
            self.leave(key, "is no duration")
            return None
        return seconds

    def below(self, key: str) -> Source:
        """Return a table within this one."""
        return Source(self.take(key), f"{self.where}.{key}", self._conversion)

    def rows(self, key: str) -> list[Source]:
        """Return the tables of a list."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.leave(key, "is no list")
            return []
        return [Source(row, f"{self.where}.{key}[{at}]", self._conversion) for at, row in enumerate(value)]

    def texts(self, key: str) -> list[str]:
        """Return a list of texts, also if there is only one."""
        value = self.take(key)
        values = value if isinstance(value, list) else [] if value is None else [value]
        sound = [str(entry) for entry in values if isinstance(entry, str | int | float) and not isinstance(entry, bool)]
        if len(sound) < len(values):
            self.leave(key, "holds what is no text")
        return sound

    def leave_secret(self, what: str, why: str) -> None:
        """Note that a variable, which is to be set, stands for a secret."""
        self._taken.add(what)
        self._conversion.leave(self, what, why, is_secret=True)

    def leave(self, what: str, why: str) -> None:
        """Note that something is not carried over."""
        if what:
            self._taken.add(what)
        self._conversion.leave(self, what, why)

    def leave_rest(self, why: str, reasons: Mapping[str, str] | None = None, ignored: Iterable[str] = ()) -> None:
        """Note everything that nobody took and that says something.

        Args:
            why: The usual reason.
            reasons: Others, by key.
            ignored: Keys that change nothing of what is watched.
        """
        for key, value in self.data.items():
            is_empty = value is None or value is False or value in ("", [], {})
            if key not in self._taken and key not in ignored and not is_empty:
                self._conversion.leave(self, str(key), (reasons or {}).get(str(key), why))


def go_seconds(text: str) -> float | None:
    """Return a duration such as "1m30s"; None if it is none."""
    parts = _DURATION.findall(text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def duration(seconds: float) -> str:
    """Return a duration as Outrider writes it."""
    milliseconds = max(1, round(seconds * 1000))
    return f"{milliseconds}ms" if milliseconds % 1000 else format_duration(milliseconds // 1000)


def literal(text: str) -> str:
    """Return a text in which nothing is a variable of Outrider's."""
    return text.replace("${", "$${")


def secret_name(probe: str, what: str) -> str:
    """Return what the environment calls a secret that is not copied."""
    return re.sub(r"[^A-Z0-9]+", "_", f"{probe}_{what}".upper()).strip("_")
