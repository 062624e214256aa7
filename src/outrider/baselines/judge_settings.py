"""What a user may set about judging, in the user's words."""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outrider.model import BadSeries

if TYPE_CHECKING:
    from collections.abc import Mapping

_Word = TypeVar("_Word", bound=StrEnum)

MONTH_S = 365.2425 / 12 * 86_400
_RANGES = {
    "months": (0.01, 1e9, 5.0),  # of one series: a check's months times its steps, and three times those to calibrate
    "adopt_after_days": (0.01, 36_500.0, 14.0),
    "floor_ms": (0.0, 3_600_000.0, 5.0),
}


class Scale(StrEnum):
    """What the numbers of a series are, and so on which scale they are judged."""

    DURATION = "duration"  # zero or more; on a logarithmic scale
    AGGREGATE = "aggregate"  # a duration that stands for many requests: their mean, or a percentile
    COUNT = "count"  # zero or more, over-dispersed; on the scale of log(1 + count)


class Direction(StrEnum):
    """Which deviation is bad."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a series is judged.

    Attributes:
        direction: Which deviation raises an alert.
        scale: What the numbers are.
        tz: IANA name of the time zone that days and weekends follow.
        months: Sensitivity: one false alert per series in so many months.
        adopt_after_days: An incident that stood for so long is the new level.
        floor_ms: A change of duration that is smaller raises no alert, whatever its share: nobody feels it.
    """

    direction: Direction = Direction.UP
    scale: Scale = Scale.DURATION
    tz: str = "UTC"
    months: float = 5.0
    adopt_after_days: float = 14.0
    floor_ms: float = 5.0

    @property
    def alerting_sides(self) -> tuple[int, ...]:
        """Return the signs of deviation that raise an alert."""
        return {Direction.UP: (1,), Direction.DOWN: (-1,), Direction.BOTH: (1, -1)}[self.direction]

    @property
    def overrides(self) -> dict[str, object]:
        """Return the settings as `of` takes them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def of(overrides: Mapping[str, object] | None) -> Settings:
        """Return the defaults with `overrides`.

        Raises:
            BadSeries: If a key is unknown or a value is out of range.
        """
        return _parse(tuple(sorted((overrides or {}).items(), key=lambda item: item[0])))


@lru_cache(maxsize=64)
def _parse(overrides: tuple[tuple[str, object], ...]) -> Settings:
    known = [field.name for field in fields(Settings)]
    for key, _ in overrides:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            raise BadSeries(
                f"{key} is not a setting of a baseline",
                slug="unknown-setting",
                fix=f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}",
            )
    given = dict(overrides)
    return Settings(
        direction=_one_of(Direction, "direction", given.get("direction", Direction.UP)),
        scale=_one_of(Scale, "scale", given.get("scale", Scale.DURATION)),
        tz=_zone(given.get("tz", "UTC")),
        months=_within("months", given),
        adopt_after_days=_within("adopt_after_days", given),
        floor_ms=_within("floor_ms", given),
    )


def _one_of(words: type[_Word], name: str, value: object) -> _Word:
    try:
        return words(str(value))
    except ValueError as error:
        known = ", ".join(words)
        raise BadSeries(f"{name} = {value!r}", slug="bad-setting", fix=f"write one of {known}") from error


def _zone(value: object) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSeries(f"tz = {value!r} is not a time zone", slug="bad-setting", fix="write Europe/Berlin") from error


def _within(name: str, given: Mapping[str, object]) -> float:
    """Return a number among `given`, or the default; what lies outside its range could not be honoured."""
    least, most, usual = _RANGES[name]
    value = given.get(name, usual)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    fix = f"write a number from {least:.15g} to {most:.15g}"
    raise BadSeries(f"{name} = {value!r} is out of range", slug="bad-setting", fix=fix)
