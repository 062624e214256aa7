"""Operations of the read API about series, samples, silences, releases and the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrider.dashboard import (
    HEALTH_DAYS,
    HEALTH_ROWS,
    MOST_RANGE_US,
    MOST_SAMPLES,
    NoiseBody,
    ReleaseHealthBody,
    ReleasePage,
    SamplePage,
    SampleQuery,
    SeriesPage,
    ServiceBody,
    SilencePage,
    api_noise,
    api_release_health,
    api_releases,
    api_samples,
    api_series,
    api_service,
    api_silences,
)
from outrider.server.api_parameters import (
    AFTER,
    LIMIT,
    MOMENT_AFTER,
    MOMENT_BEFORE,
    ROOT,
    TEXT,
    Operation,
    bad_parameter,
    limit_of,
    moment_in,
    text_of,
    time_of,
    whole_number,
)
from outrider.server.openapi_document import Description, Parameter

if TYPE_CHECKING:
    from starlette.requests import Request

    from outrider.dashboard import Sources

_DAY_US = 86_400_000_000
_WEEK_US = 7 * _DAY_US
_MOST_RELEASES = 1_000
_MOST_DAYS = 400
_USUAL_SAMPLES = 1_000
_TIME = {"type": "string", "format": "date-time"}
_DIGITS = {"type": "string", "pattern": "^[0-9]{1,17}$"}
CHECK = Parameter("check", "Its id, or a former one.", {**TEXT, "minLength": 1}, is_required=True)


def _noise(sources: Sources, request: Request) -> NoiseBody:
    return api_noise(sources, whole_number(request, "days", 7, _MOST_DAYS))


def _series(sources: Sources, request: Request) -> SeriesPage:
    return api_series(sources, text_of(request, "check"), text_of(request, "after"), limit_of(request))


def _samples(sources: Sources, request: Request) -> SamplePage:
    after, now_us = text_of(request, "after"), sources.now_us()
    if after and not (after.isascii() and after.isdigit() and len(after) <= 17):
        raise bad_parameter("after", f"is {after[:40]!r}", "the `next` of another page")
    until_us = time_of(request, "until", now_us + 1)
    since_us = int(after) if after else time_of(request, "since", until_us - _WEEK_US)
    if until_us - since_us > MOST_RANGE_US:
        raise bad_parameter("since", "is too long before `until`", "at most 93 days before it")
    step = text_of(request, "step") if "step" in request.query_params else None
    metric = text_of(request, "metric") or "duration_ms"
    query = SampleQuery(
        text_of(request, "check"), step, metric, text_of(request, "environment"), text_of(request, "location"),
        since_us, until_us,
    )  # fmt: skip
    return api_samples(sources, query, whole_number(request, "limit", _USUAL_SAMPLES, MOST_SAMPLES))


def _silences(sources: Sources, request: Request) -> SilencePage:
    return api_silences(sources, moment_in(request, "after"), limit_of(request))


def _releases(sources: Sources, request: Request) -> ReleasePage:
    return api_releases(sources, moment_in(request, "before"), limit_of(request))


def _release_health(sources: Sources, request: Request) -> ReleaseHealthBody:
    since_us = time_of(request, "since", sources.now_us() - HEALTH_DAYS * _DAY_US)
    limit = whole_number(request, "limit", HEALTH_ROWS, _MOST_RELEASES)
    return api_release_health(sources, since_us, text_of(request, "environment"), limit)


def _service(sources: Sources, _: Request) -> ServiceBody:
    return api_service(sources)


HISTORY_OPERATIONS = (
    Operation(Description(f"{ROOT}/series", "The series of a check.", SeriesPage, (CHECK, AFTER, LIMIT)), _series),
    Operation(
        Description(f"{ROOT}/samples", "Judged values of one series, in the order of time.", SamplePage, (
            CHECK,
            Parameter("step", "Of this step; empty for the whole run. Any, if only one series fits.", TEXT),
            Parameter("metric", "Such as duration_ms, which is the usual one.", TEXT),
            Parameter("environment", "Of this one. Any, if only one series fits.", TEXT),
            Parameter("location", "Of this one. Any, if only one series fits.", TEXT),
            Parameter("since", "Due then or later; a week before `until` if absent, and at most 93 days.", _TIME),
            Parameter("until", "Due before then; now if absent.", _TIME),
            Parameter("after", "The `next` of the page before, in place of `since`.", _DIGITS),
            Parameter("limit", "How many at most.", {
                "type": "integer", "minimum": 1, "maximum": MOST_SAMPLES, "default": _USUAL_SAMPLES,
            }),
        )),
        _samples,
    ),
    Operation(
        Description(f"{ROOT}/silences", "Silences that have not ended.", SilencePage, (MOMENT_AFTER, LIMIT)), _silences
    ),
    Operation(
        Description(f"{ROOT}/noise", "Alerts of the last days, to whom, and what was acted on.", NoiseBody, (
            Parameter("days", "How far to look back.", {
                "type": "integer", "minimum": 1, "maximum": _MOST_DAYS, "default": 7,
            }),
        )),
        _noise,
    ),
    Operation(
        Description(f"{ROOT}/releases", "Releases, the latest first, with the incidents after each.", ReleasePage, (
            MOMENT_BEFORE, LIMIT,
        )),
        _releases,
    ),
    Operation(
        Description(f"{ROOT}/release-health", "Sessions by release: crashes, users, adoption, new issues.",
            ReleaseHealthBody, (
            Parameter("since", "In whole UTC days from then on; fourteen days ago if absent.", _TIME),
            Parameter("environment", "Of this one.", TEXT),
            Parameter("limit", "How many at most.", {
                "type": "integer", "minimum": 1, "maximum": _MOST_RELEASES, "default": HEALTH_ROWS,
            }),
        )),
        _release_health,
    ),
    Operation(
        Description(f"{ROOT}/service", "How the service does: queue, receivers, store and host.", ServiceBody), _service
    ),
)  # fmt: skip
