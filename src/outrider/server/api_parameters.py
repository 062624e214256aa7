"""Parameters of the read API: what they may be, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from outrider.dashboard import read_moment
from outrider.model import Role, UsageError
from outrider.server.openapi_document import Description, Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from outrider.dashboard import Sources

ROOT = "/api/v1"
USUAL_LIMIT, MOST_LIMIT = 100, 200
TEXT_CHARACTERS = 1_000
_TIME_CHARACTERS = 64


class BadParameter(UsageError):
    """A parameter of an address cannot be read."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is said of an operation, what answers it, and the role that it needs: one that is configured, perhaps."""

    description: Description
    answer: Callable[[Sources, Request], Any]
    role: Role | Callable[[Sources], Role] = Role.VIEWER

    @property
    def route(self) -> str:
        """Its path as Starlette writes it: ids may hold slashes."""
        return self.description.path.replace("{check}", "{check:path}")


TEXT = {"type": "string", "maxLength": TEXT_CHARACTERS}
LIMIT = Parameter(
    "limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": USUAL_LIMIT}
)
AFTER = Parameter("after", "The `next` of the page before.", TEXT)
BEFORE = Parameter("before", "The `next` of the page before.", TEXT)
_MOMENT = {"type": "string", "maxLength": 90, "pattern": r"^-?[0-9]{1,17}[.][A-Za-z0-9_-]{1,64}$"}
MOMENT_BEFORE = Parameter("before", "The `next` of the page before.", _MOMENT)
MOMENT_AFTER = Parameter("after", "The `next` of the page before.", _MOMENT)
KEY_BEFORE = Parameter("before", "The `next` of the page before.", {"type": "string", "pattern": "^[0-9]{1,18}$"})


def in_path(name: str, description: str) -> Parameter:
    """Return a parameter that is a part of the path."""
    return Parameter(name, description, {"type": "string", "minLength": 1}, is_in_path=True)


def text_of(request: Request, name: str) -> str:
    """Return a text; empty if it is not given."""
    text = request.query_params.get(name, "")
    if len(text) > TEXT_CHARACTERS:
        raise bad_parameter(name, f"has {len(text)} characters", f"at most {TEXT_CHARACTERS}")
    return text


def whole_number(request: Request, name: str, usual: int, most: int) -> int:
    """Return a number from 1 to `most`."""
    text = request.query_params.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise bad_parameter(name, f"is {text[:40]!r}", f"a number from 1 to {most}")
    return int(text)


def limit_of(request: Request) -> int:
    """Return how many items a page has at most."""
    return whole_number(request, "limit", USUAL_LIMIT, MOST_LIMIT)


def choice_of(request: Request, name: str, known: Mapping[str, Any]) -> Any:
    """Return what the word that is given stands for."""
    text = request.query_params.get(name, "")
    if text not in known:
        raise bad_parameter(name, f"is {text[:40]!r}", f"one of {', '.join(word for word in known if word)}")
    return known[text]


def moment_in(request: Request, name: str) -> tuple[int, str] | None:
    """Return the time and id that a cursor names; None without one."""
    text = text_of(request, name)
    position = read_moment(text)
    if text and position is None:
        raise bad_parameter(name, f"is {text[:40]!r}", "the `next` of another page")
    return position


def time_of(request: Request, name: str, usual_us: int) -> int:
    """Return a time of ISO 8601, UTC unless it names a zone, in microseconds."""
    text = request.query_params.get(name, "")
    if not text:
        return usual_us
    try:
        at = datetime.fromisoformat(text[:_TIME_CHARACTERS])
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        raise bad_parameter(name, f"is {text[:40]!r}", "a time such as 2026-11-28T21:58:00Z") from None


def bad_parameter(name: str, what: str, wanted: str) -> BadParameter:
    """Return the error of a parameter that cannot be read."""
    return BadParameter(f"{name} {what}; it is {wanted}", slug="bad-parameter", fix="see /api/v1/openapi.json")
