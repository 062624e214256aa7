"""Typed reading of a table of settings, which collects every problem instead of stopping at the first."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from outrider.model import ConfigError, Subject
from outrider.workspace.durations import parse_duration
from outrider.workspace.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.model import Place, SubjectKind
    from outrider.workspace.toml_document import KeyPath

T = TypeVar("T")
D = TypeVar("D")
W = TypeVar("W", bound=StrEnum)

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ADDRESS = re.compile(r"(?:\[(?P<inside>[0-9A-Fa-f:.%a-z]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>[0-9]{1,5})")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
OWN_LABELS: Final = frozenset(
    {
        "check",
        "kind",
        "problem",
        "trouble",
        "environment",
        "location",
        "host",
        "step",
        "fault",
        "tag",
        "tags",
        "incident",
    }
)
_HOST = re.compile(r"(?:[\w.*?-]|\[!?[\w-]+\])+|[0-9A-Fa-f:]*[*?][0-9A-Fa-f:*?]*")
_LAST_PORT = 65_535
_PRINTABLE = 0x20
_LONGEST_S = 36_500 * 86_400.0


class Refused(Exception):
    """A value is not what its key needs; `what` continues the sentence "key = value …"."""

    def __init__(self, what: str, fix: str, slug: str = "wrong-type") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.slug = slug


class Table:
    """A table of settings, read key by key; `close` reports the keys that were never read.

    Args:
        data: The table as parsed.
        title: What messages call it.
        places: Tells where a path of keys stands.
        problems: Where problems are put.
        path: Path of this table itself.
    """

    def __init__(
        self,
        data: Mapping[str, object],
        title: str,
        places: Callable[[KeyPath], Place],
        problems: list[ConfigError],
        *,
        path: KeyPath = (),
    ) -> None:
        self.title = title
        self.data = data
        self._places = places
        self._problems = problems
        self._path = path
        self._known: list[str] = []

    def read(self, key: str, convert: Callable[[object], T], default: D) -> T | D:
        """Return the value of `key`, or `default` if it is absent or refused; a default that is written is accepted."""
        if _is_written(default, self.data.get(key)):
            self._known.append(key)
            return default
        return self._read(key, convert, default)

    def require(self, key: str, convert: Callable[[object], T], default: T, example: str) -> T:
        """Return the value of `key`; its absence is a problem too."""
        if key not in self.data:
            self.report(key, "is missing", f"add {key} = {example}", "missing-key")
        return self._read(key, convert, default)

    def section(self, key: str) -> Table:
        """Return the table `[key]`, empty if it is absent or no table, which alone is reported."""
        below = self._below(self.read(key, as_table, {}), key, key)
        if not isinstance(self.data.get(key, {}), dict):
            below._problems = []
        return below

    def sections(self, key: str) -> tuple[Table, ...]:
        """Return the tables `[[key]]`, none if they are absent or no such list."""
        tables = self.read(key, as_tables, ())
        return tuple(self._below(table, key, key, index) for index, table in enumerate(tables))

    def place(self, *keys: str | int) -> Place:
        """Return where a key of this table stands."""
        return self._places((*self._path, *keys))

    def report(self, key: str, what: str, fix: str, slug: str) -> None:
        """Add the problem that `key` `what`."""
        quoted = key if _BARE.fullmatch(key) else f'"{key}"'
        name = f"{self.title}.{quoted}" if self.title else quoted
        self._problems.append(ConfigError(f"{name} {what}", slug=slug, fix=fix, where=self.place(key)))

    def close(self) -> None:
        """Report every key that was never read."""
        for key in self.data:
            if key not in self._known:
                self.report(key, "is not a known key", nearest(key, self._known), "unknown-key")

    def _read(self, key: str, convert: Callable[[object], T], default: D) -> T | D:
        self._known.append(key)
        if key not in self.data:
            return default
        value = self.data[key]
        try:
            return convert(value)
        except Refused as refused:
            self.report(key, f"= {shown(value)} {refused.what}", refused.fix, refused.slug)
            return default

    def _below(self, data: Mapping[str, object], name: str, *keys: str | int) -> Table:
        title = f"{self.title}.{name}" if self.title else name
        return Table(data, title, self._places, self._problems, path=(*self._path, *keys))


def _is_written(default: object, value: object) -> bool:
    """Return whether `value` is what a file says to mean the default itself: 0, "", []."""
    if isinstance(value, list):
        return isinstance(default, tuple) and default == tuple(value)
    return type(value) is type(default) and value == default and value is not None


def shown(value: object) -> str:
    """Return `value` much as TOML would write it, on one short line."""
    text = _written(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'.replace("\n", "\\n")
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case dict():
            return "{" + ", ".join(f"{key} = {_written(item)}" for key, item in value.items()) + "}"
        case date() | time():  # a date with a time, too
            return value.isoformat()
        case _:
            return repr(value)


def as_text(value: object) -> str:
    """Accept a text that is not empty."""
    if not isinstance(value, str):
        raise Refused("is not text", 'write it in quotation marks, such as "name"')
    if not value.strip():
        raise Refused("is empty", "write a text or remove the line", "out-of-range")
    return value


def as_check_id(*kinds: SubjectKind) -> Callable[[object], str]:
    """Return an acceptor of explicit ids; if one begins with the kind of a subject, then with one of these."""

    def accept(value: object) -> str:
        text = as_text(value)
        kind = Subject(text).kind
        if kind is not None and kind not in kinds:
            own = " or ".join(f'"{own}:"' for own in kinds)
            raise Refused(f'begins with the kind "{kind}"', f"begin it with {own}, or with no kind", "bad-check-id")
        return text

    return accept


def as_labels(value: object) -> Mapping[str, str]:
    """Accept a table of labels: names as Prometheus has them, none of those that Outrider gives itself."""
    example = 'write labels = {team = "shop"}'
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise Refused("is not a table of texts", example)
    for name in value:
        _check_label(name, OWN_LABELS, example)
    return dict(value)


def as_label_names(value: object) -> tuple[str, ...]:
    """Accept a list of names of labels, none of those that Outrider gives itself or reads."""
    names = as_texts(value)
    for name in names:
        _check_label(name, OWN_LABELS | {"severity", "runbook"}, 'write names, such as ["team", "pod"]')
    return names


def _check_label(name: object, reserved: frozenset[str], example: str) -> None:
    if not isinstance(name, str) or not _LABEL.fullmatch(name):
        raise Refused(f"has no valid name in {name!r}", f"{example}; letters, digits and _", "bad-label")
    if name in reserved:
        raise Refused(f"names {name}, which Outrider sets itself", "choose another name", "bad-label")


def as_any_text(value: object) -> str:
    """Accept a text, even an empty one."""
    if not isinstance(value, str):
        raise Refused("is not text", 'write it in quotation marks, such as "name"')
    return value


def as_texts(value: object) -> tuple[str, ...]:
    """Accept a list of texts, or one text in place of a list of one."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple | set | frozenset) or not all(isinstance(item, str) for item in items):
        raise Refused("is not a list of texts", 'write a list, such as ["one", "two"]')
    if not all(item.strip() for item in items):
        raise Refused("holds an empty text", "write a text or remove it", "out-of-range")
    return tuple(sorted(items) if isinstance(items, set | frozenset) else items)


def as_hosts(value: object) -> tuple[str, ...]:
    """Accept a list of names of hosts, globs over names, addresses and networks; none with a port."""
    hosts = as_texts(value)
    for host in hosts:
        if not (_HOST.fullmatch(host) or _is_network(host)):
            fix = 'write "shop.example", "*.shop.example", "10.1.2.3" or "10.0.0.0/8", without scheme and port'
            raise Refused(f'holds "{host}", which is no host or network', fix, "bad-address")
    return hosts


def _is_network(text: str) -> bool:
    from ipaddress import ip_network  # noqa: PLC0415 - few workspaces have any

    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def as_inner_paths(value: object) -> tuple[str, ...]:
    """Accept a list of paths or globs that stay within the workspace."""
    paths = as_texts(value)
    if any(path.startswith("/") or ".." in path.split("/") for path in paths):
        raise Refused("leads out of the workspace", "write paths below the workspace, without ..", "out-of-range")
    return paths


def as_table(value: object) -> dict[str, object]:
    """Accept a table."""
    if not isinstance(value, dict):
        raise Refused("is not a table", "write it as a [table] with lines of key = value")
    return value


def as_tables(value: object) -> tuple[dict[str, object], ...]:
    """Accept a list of tables."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Refused("is not a list of tables", "write it in double brackets, as a [[table]]")
    return tuple(value)


def as_flag(value: object) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise Refused("is neither true nor false", "write true or false, without quotation marks")
    return value


def as_count(least: int, most: int) -> Callable[[object], int]:
    """Return an acceptor of whole numbers from `least` to `most`."""

    def convert(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused("is not a whole number", f"write a number from {least} to {most}, without quotation marks")
        if not least <= value <= most:
            raise Refused("is out of range", f"write a number from {least} to {most}", "out-of-range")
        return value

    return convert


def as_share(value: object) -> float:
    """Accept a share of the whole, from 0 to 1."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Refused("is not a number", "write a share from 0 to 1, such as 0.8")
    if not 0 <= value <= 1:
        raise Refused("is not a share", "write a number from 0 to 1, such as 0.8", "out-of-range")
    return float(value)


def as_number(least: float, most: float, why: str = "") -> Callable[[object], float]:
    """Return an acceptor of numbers from `least` to `most`; `why` says what others would mean."""
    range_fix = f"write a number from {least:.15g} to {most:.15g}{f': {why}' if why else ''}"

    def convert(value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Refused("is not a number", range_fix)
        if not least <= value <= most:
            raise Refused("is out of range" if _is_finite(value) else "is not finite", range_fix, "out-of-range")
        return abs(float(value))  # of zero, which may be written as -0.0

    return convert


def as_positive(value: object) -> float:
    """Accept a number above zero."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Refused("is not a number", "write a number above zero, such as 5")
    if not _is_finite(value):
        raise Refused("is not finite", "write a number above zero, such as 5", "out-of-range")
    if value <= 0:
        raise Refused("is not above zero", "write a number above zero, such as 5", "out-of-range")
    return float(value)


def _is_finite(value: float) -> bool:
    """Return whether a number is finite as one of 64 bits; TOML has integers of any length."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def as_duration(value: object) -> float:
    """Accept a duration above zero; return its seconds."""
    seconds = _seconds(value)
    if not 0 < seconds <= _LONGEST_S:
        raise Refused("is out of range", "write a duration above zero and below a hundred years", "out-of-range")
    return seconds


def as_duration_within(least: str, most: str, why: str = "") -> Callable[[object], float]:
    """Return an acceptor of durations from `least` to `most`, as seconds; `why` says what others would mean."""
    shortest_s, longest_s = parse_duration(least), parse_duration(most)
    fix = f'write a duration from "{least}" to "{most}"{f": {why}" if why else ""}'

    def convert(value: object) -> float:
        seconds = _seconds(value)
        if not shortest_s <= seconds <= longest_s:
            raise Refused("is out of range", fix, "out-of-range")
        return seconds

    return convert


def as_delay(value: object) -> float:
    """Accept a duration, "0s" included; return its seconds."""
    seconds = _seconds(value)
    if seconds > _LONGEST_S:
        raise Refused("is out of range", "write a duration below a hundred years", "out-of-range")
    return seconds


def _seconds(value: object) -> float:
    fix = 'write a number and a unit, such as "30s" or "5m"'
    if not isinstance(value, str):
        raise Refused("is not a duration", fix, "bad-duration")
    try:
        return parse_duration(value)
    except ValueError:
        raise Refused("is not a duration", fix, "bad-duration") from None


def as_addresses(value: object) -> tuple[str, ...]:
    """Accept a list of addresses, each a host and a port."""
    addresses = as_texts(value)
    for address in addresses:
        split_address(address)
    return addresses


def split_address(text: str) -> tuple[str, int]:
    """Return the host and the port of `host:port` or `[IPv6]:port`.

    Raises:
        Refused: If `text` is no such thing.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match["port"]) <= _LAST_PORT:
        raise Refused("is not an address", 'write host:port, such as "shop.example:443" or "[::1]:443"', "bad-address")
    return match["inside"] or match["host"], int(match["port"])


def check_url(url: str) -> None:
    """Accept an absolute URL of HTTP.

    Raises:
        Refused: If it is none.
    """
    fix = 'write it whole, such as "https://shop.example/"'
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(ord(character) <= _PRINTABLE for character in url):
        raise Refused("is not a URL of http or https", fix, "bad-url")


def as_one_of(*choices: str) -> Callable[[object], str]:
    """Return an acceptor of exactly these words."""

    def convert(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Refused("is not a choice", nearest(str(value), choices), "out-of-range")
        return value

    return convert


def as_choice(words: type[W]) -> Callable[[object], W]:
    """Return an acceptor of exactly the words of an enumeration."""
    accept = as_one_of(*(word.value for word in words))
    return lambda value: words(accept(value))
