"""How numbers and dates are written for a reader, by the locale that is in force. Texts stay English.

`with using_locale("de"):` holds for all that is written inside it, in this thread; else it is "en".
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Locale:
    """Forms of numbers and dates; patterns are those of `strftime`, and %-d a day of the month without a zero.

    Attributes:
        decimal, group: What stands before decimals, and between thousands.
        weekdays: Abbreviated, Monday first.
        months: Abbreviated.
        moment: A date with its year, and a time.
        day_time: A day and a time, within a sentence.
        weekday_day: A day.
        day: A day on an axis.
        month_day, last_day: A day within a sentence, and the same without its month, before "-" or a month.
        near, far: A day and a time within a sentence, and the same with the year.
        exact: A time to the second, and its zone.
        axis: Years, months, days, hours, minutes and seconds of an axis that chooses among them.
    """

    name: str
    decimal: str
    group: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    moment: str
    day_time: str
    weekday_day: str
    day: str
    month_day: str
    last_day: str
    near: str
    far: str
    exact: str
    axis: tuple[str, ...]


_ENGLISH = Locale(
    "en",
    decimal=".",
    group=",",
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    moment="%a %d %b %Y %H:%M",
    day_time="%a %d %b %H:%M",
    weekday_day="%a %d %b",
    day="%d %b",
    month_day="%-d %b",
    last_day="%-d",
    near="%-d %b %H:%M",
    far="%-d %b %Y %H:%M",
    exact="%Y-%m-%d %H:%M:%S %Z",
    axis=("%Y", "%b", "%d", "%H:%M", "%H:%M", "%S.%f"),
)
# The Unicode CLDR's abbreviations; dates in figures as DIN 5008 has them.
_GERMAN = Locale(
    "de",
    decimal=",",
    group=".",
    weekdays=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    months=("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
    moment="%a %d.%m.%Y, %H:%M",
    day_time="%a %-d. %b, %H:%M",
    weekday_day="%a %-d. %b",
    day="%-d. %b",
    month_day="%-d. %b",
    last_day="%-d.",
    near="%-d. %b, %H:%M",
    far="%d.%m.%Y, %H:%M",
    exact="%d.%m.%Y, %H:%M:%S %Z",
    axis=("%Y", "%m.%Y", "%d.%m.", "%H:%M", "%H:%M", "%S.%f"),
)
LOCALES = {locale.name: locale for locale in (_ENGLISH, _GERMAN)}
_in_force: ContextVar[Locale] = ContextVar("locale", default=_ENGLISH)


@contextmanager
def using_locale(name: str) -> Iterator[None]:
    """Have numbers and dates written in the forms of a locale of `LOCALES`."""
    token = _in_force.set(LOCALES[name])
    try:
        yield
    finally:
        _in_force.reset(token)


def locale() -> Locale:
    """Return the locale in force."""
    return _in_force.get()


def number(value: float, form: str = ",") -> str:
    """Return a number by a format specification, with the locale's signs in the place of "." and ","."""
    signs = {".": locale().decimal, ",": locale().group}
    return "".join(signs.get(sign, sign) for sign in format(value, form))


def short(value: float) -> str:
    """Return a number with no more digits than it needs, six at most."""
    return number(value, "g")


def per_cent(share: float, form: str = ".1f") -> str:
    """Return a share, 0 to 1, as "90.0 %"; the format specification is that of the number of per cent."""
    return f"{number(share * 100, form)} %"


def share_text(share: float | None) -> str:
    """Return a share as "99.98 %", rounded down, so that only all is "100.00 %"; a dash for None."""
    return per_cent(floor(share * 10_000 + 1e-6) / 10_000, ".2f") if share is not None else "-"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return "1 check", "1,200 checks"; a plural with another end than "s" is to be given."""
    return f"{number(count)} {noun if count == 1 else plural or f'{noun}s'}"


def date(local: datetime, pattern: str) -> str:
    """Return a local time by a pattern of the locale."""
    names = {
        "%a": locale().weekdays[local.weekday()],
        "%b": locale().months[local.month - 1],
        "%-d": str(local.day),
    }
    for field, word in names.items():
        pattern = pattern.replace(field, word)
    return local.strftime(pattern)
