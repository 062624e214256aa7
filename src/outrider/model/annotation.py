"""What people note on the time line, and settings that they change on a page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark with a text at a time.

    Attributes:
        matchers: Texts such as `team=shop`; it is shown on checks whose labels fulfil all of them.
        author: Who made it.
    """

    id: str
    at_us: int
    text: str
    matchers: tuple[str, ...]
    author: str


@dataclass(frozen=True, slots=True)
class SettingOverride:
    """A setting that holds in the place of the one in a file; `value` is JSON."""

    name: str
    value: str
    at_us: int
    author: str
