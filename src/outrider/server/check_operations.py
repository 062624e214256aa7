"""Operations of the read API about checks: the policy of each, and the new levels of its steps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from outrider.dashboard import LevelChangeBody, PolicyPage, api_level_changes, api_policies
from outrider.model import UsageError
from outrider.server.api_parameters import LIMIT, ROOT, Operation, bad_parameter, limit_of, text_of
from outrider.server.history_operations import CHECK
from outrider.server.openapi_document import Description, Parameter

if TYPE_CHECKING:
    from starlette.requests import Request

    from outrider.dashboard import Sources

_PATIENCE_S: Final = 10.0
_MOST_DIGITS: Final = 9
_NUMBER_AFTER = Parameter("after", "The `next` of the page before.", {"type": "string", "pattern": "^[0-9]{1,9}$"})
_turn = threading.Lock()


def _policies(sources: Sources, request: Request) -> PolicyPage:
    after = text_of(request, "after") or "0"
    if not (after.isascii() and after.isdigit() and len(after) <= _MOST_DIGITS):
        raise bad_parameter("after", f"is {after[:40]!r}", "the `next` of another page")
    return api_policies(sources, int(after), limit_of(request))


def _level_changes(sources: Sources, request: Request) -> LevelChangeBody:
    """Answer one question at a time: each reads and compares the whole history of a check."""
    if not _turn.acquire(timeout=_PATIENCE_S):
        raise UsageError("other histories are being compared", slug="changes-busy", fix="try again in a moment")
    try:
        return api_level_changes(sources, text_of(request, "check"))
    finally:
        _turn.release()


CHECK_OPERATIONS = (
    Operation(
        Description(
            f"{ROOT}/policies", "Checks of the workspace and how each runs, switched off ones too.", PolicyPage,
            (_NUMBER_AFTER, LIMIT),
        ),
        _policies,
    ),
    Operation(
        Description(
            f"{ROOT}/level-changes", "The lasting new levels of the steps of a check, the latest first.",
            LevelChangeBody, (CHECK,),
        ),
        _level_changes,
    ),
)  # fmt: skip
