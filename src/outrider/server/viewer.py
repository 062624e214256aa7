"""Who asks for a page, and whether they may see it: the one place through which every page and API route goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    Answer = Callable[[Request], Response]
    Authorise = Callable[[Request], "Viewer | Response"]


class Role(StrEnum):
    """What a viewer may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks; `name` is empty where nobody has to sign in."""

    name: str = ""
    role: Role = Role.VIEWER


def everybody(_: Request) -> Viewer | Response:
    """Let everybody read: nobody has to sign in yet."""
    return Viewer()


def guarded_route(path: str, answer: Answer, authorise: Authorise) -> Route:
    """Return a route whose answer is given to viewers only; `request.state.viewer` names the viewer.

    Args:
        path: As Starlette writes it.
        answer: Makes the answer, in a thread of its own.
        authorise: Returns who asks, or what is answered instead, such as a page to sign in.
    """

    @wraps(answer)
    def guarded(request: Request) -> Response:
        viewer = authorise(request)
        if not isinstance(viewer, Viewer):
            return viewer
        request.state.viewer = viewer
        return answer(request)

    return Route(path, guarded, methods=["GET"])
