"""Operations of the API about the service: its state, and what a silence would mute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard import SilencePreviewBody, StatusBody, api_silence_preview, api_status
from outrider.model import UsageError
from outrider.server.api_parameters import ROOT, TEXT, TEXT_CHARACTERS, Operation, bad_parameter
from outrider.server.openapi_document import Description, Parameter

if TYPE_CHECKING:
    from starlette.requests import Request

    from outrider.dashboard import Sources

_MOST_MATCHERS = 50


def _silence_preview(sources: Sources, request: Request) -> SilencePreviewBody:
    matchers = request.query_params.getlist("matcher")
    if len(matchers) > _MOST_MATCHERS or any(len(matcher) > TEXT_CHARACTERS for matcher in matchers):
        limits = f"at most {_MOST_MATCHERS} texts of {TEXT_CHARACTERS} characters"
        raise bad_parameter("matcher", f"is given {len(matchers)} times, or too long", limits)
    try:
        return api_silence_preview(sources, matchers)
    except UsageError as error:
        raise bad_parameter("matcher", f"cannot be read: {error.what}", "label=value") from None


STATUS_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/status", "How the service and its checks do, as `outrider status` says.", StatusBody),
        lambda sources, _: api_status(sources),
    ),
    Operation(
        Description(f"{ROOT}/silence-preview", "What a silence would mute now.", SilencePreviewBody, (
            Parameter("matcher", "label=value, label!=value, label=~pattern or label!~pattern; may be given often.", {
                "type": "array", "items": TEXT, "maxItems": _MOST_MATCHERS,
            }),
        )),
        _silence_preview,
    ),
)  # fmt: skip
