"""The operations of the API that search, count and list telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.dashboard import (
    HostsBody,
    LogPage,
    Measure,
    NotableBody,
    RatesBody,
    Related,
    RelatedKind,
    RuntimeBody,
    SpanPage,
    TraceBody,
    api_hosts,
    api_logs,
    api_measured_logs,
    api_measured_spans,
    api_notable,
    api_rates,
    api_runtime,
    api_spans,
    api_trace,
    read_row_position,
    related_of,
)
from outrider.model import RecordKind, Subject, SubjectKind, UsageError, is_trace_id
from outrider.runs import moved_operations
from outrider.server.api_parameters import (
    ROOT,
    TEXT,
    Operation,
    bad_parameter,
    choice_of,
    in_path,
    text_of,
    time_of,
    whole_number,
)
from outrider.server.openapi_document import Description, Parameter
from outrider.server.telemetry_turns import asked_services, asked_telemetry
from outrider.workspace import parse_duration

if TYPE_CHECKING:
    from starlette.requests import Request

    from outrider.dashboard import Sources
    from outrider.model import RowPosition

_QUERY_CHARACTERS: Final = 4_000
_USUAL_ROWS, _MOST_ROWS = 100, 1_000
_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US
_LEAST_S, _MOST_PERIODS = 60, 300
"""Of periods that metrics of runtimes are told by."""
_MOST_S: Final = 366 * 86_400.0
_TIME = {"type": "string", "format": "date-time"}
_CURSOR = {"type": "string", "pattern": "^[0-9]{1,18}[.][0-9]{1,5}$"}


def _logs(sources: Sources, request: Request) -> LogPage:
    query, measure, before = query_of(request), _measure(request), _before(request)
    limit = whole_number(request, "limit", _USUAL_ROWS, _MOST_ROWS)
    with asked_telemetry(sources) as reader:
        if measure is not None:
            return api_measured_logs(measure.of(reader, RecordKind.LOGS, query))
        return api_logs(reader.search_logs(query, limit=limit, before=before))


def _spans(sources: Sources, request: Request) -> SpanPage:
    query, measure, before = query_of(request), _measure(request), _before(request)
    limit = whole_number(request, "limit", _USUAL_ROWS, _MOST_ROWS)
    with asked_telemetry(sources) as reader:
        if measure is not None:
            return api_measured_spans(measure.of(reader, RecordKind.SPANS, query))
        return api_spans(reader.search_spans(query, limit=limit, before=before))


def _trace(sources: Sources, request: Request) -> TraceBody:
    trace_id = request.path_params["trace"].lower()
    with asked_telemetry(sources) as reader:
        spans = reader.trace(trace_id) if is_trace_id(trace_id) else ()
    if not spans:
        raise UsageError(f"no span of a trace {trace_id[:40]!r} is kept", slug="unknown-trace", fix="see /traces")
    return api_trace(trace_id, spans)


def _hosts(sources: Sources, request: Request) -> HostsBody:
    since_us, until_us = time_range(sources, request)
    with asked_services(sources) as reader:
        return api_hosts(reader.hosts(since_us * 1000, until_us * 1000), since_us, until_us)


def time_range(sources: Sources, request: Request) -> tuple[int, int]:
    """Return `since` and `until` of an address, microseconds; the last hour if it says nothing."""
    until_us = time_of(request, "until", sources.now_us())
    since_us = time_of(request, "since", until_us - _HOUR_US)
    if not 0 <= since_us < until_us < 2**62 // 1000:
        raise bad_parameter("since", "is not before until", "a time before it, from 1970 on")
    return since_us, until_us


def _services(sources: Sources, request: Request) -> RatesBody:
    service = text_of(request, "service")
    since_us, until_us = time_range(sources, request)
    with_synthetic = choice_of(request, "synthetic", {"": False, "without": False, "with": True})
    with asked_telemetry(sources) as reader:
        listed = reader.services if not service else lambda *time, **more: reader.operations(service, *time, **more)
        rates = listed(since_us * 1000, until_us * 1000, with_synthetic=with_synthetic)
    subject = Subject.of(SubjectKind.SERVICE, service) if service else None
    moved = moved_operations(sources.store.series, subject, at_us=until_us) if subject else ()
    return api_rates(rates, since_us, until_us, moved)


def _runtime(sources: Sources, request: Request) -> RuntimeBody:
    service = text_of(request, "service")
    if not service:
        raise bad_parameter("service", "is missing", "the name of a service")
    since_us, until_us = time_range(sources, request)
    if until_us - since_us > _DAY_US:
        raise bad_parameter("since", "is more than a day before until", "a day at most: points are read one by one")
    every_s = max(_LEAST_S, (until_us - since_us) // 10**6 // _MOST_PERIODS)
    with asked_services(sources) as reader:
        points = reader.runtime_points(service, since_us * 1000, until_us * 1000, every_s=every_s)
    return api_runtime(points, since_us, until_us)


def _patterns(sources: Sources, request: Request) -> NotableBody:
    return api_notable(sources, text_of(request, "service"))


def query_of(request: Request) -> str:
    """Return the query of an address."""
    text = request.query_params.get("q", "")
    if len(text) > _QUERY_CHARACTERS:
        raise bad_parameter("q", f"has {len(text)} characters", f"at most {_QUERY_CHARACTERS}")
    return text


def _before(request: Request) -> RowPosition | None:
    text = text_of(request, "before")
    position = read_row_position(text)
    if text and position is None:
        raise bad_parameter("before", f"is {text[:40]!r}", "the `next` of another page")
    return position


def _measure(request: Request) -> Measure | None:
    """Return what is to be measured; None where nothing says so."""
    measure, by, every = (text_of(request, name) for name in ("measure", "by", "every"))
    if not (measure or by or every):
        return None
    keys = tuple(key.strip() for key in by.split(",")) if by else ()
    return Measure(measure or "count", keys, _seconds(every))


def _seconds(every: str) -> int:
    try:
        seconds = parse_duration(every) if every else 0.0
    except ValueError:
        seconds = -1.0
    if every and not 1 <= seconds <= _MOST_S:
        raise bad_parameter("every", f"is {every[:40]!r}", "a number and a unit, such as 5m, from 1s to 366d")
    return round(seconds)


QUERY = Parameter("q", "A query; of the last hour unless it says `since:`.", {
    "type": "string", "maxLength": _QUERY_CHARACTERS,
})  # fmt: skip
_PARAMETERS = (
    QUERY,
    Parameter("limit", "How many at most.", {
        "type": "integer", "minimum": 1, "maximum": _MOST_ROWS, "default": _USUAL_ROWS,
    }),
    Parameter("before", "The `next` of the page before.", _CURSOR),
    Parameter("measure", "Measure instead of listing: `count`, `rate`, `errors`, `p95(duration)` and the like.", TEXT),
    Parameter("by", "Up to three keys to measure by, with commas between them.", TEXT),
    Parameter("every", "Length of the periods to measure by, such as 5m.", TEXT),
)  # fmt: skip

TIMES = (
    Parameter("since", "From then on; an hour before `until` if absent.", _TIME),
    Parameter("until", "Before then; now if absent.", _TIME),
)

TELEMETRY_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/logs", "Log records that a query finds, the newest first, or a measure of them.", LogPage,
                    _PARAMETERS),
        _logs,
    ),
    Operation(
        Description(f"{ROOT}/log-patterns", "Patterns of log records that are new or explode, or did within a day.",
                    NotableBody, (Parameter("service", "Those of this one.", TEXT),)),
        _patterns,
    ),
    Operation(
        Description(f"{ROOT}/traces", "Spans that a query finds, the newest first, or a measure of them.", SpanPage,
                    _PARAMETERS),
        _spans,
    ),
    Operation(
        Description(f"{ROOT}/traces/{{trace}}", "All spans of one trace.", TraceBody, (
            in_path("trace", "Its id: 32 hexadecimal digits."),
        )),
        _trace,
    ),
    Operation(
        Description(f"{ROOT}/related/{{kind}}/{{name}}", "Traces, runs, issues and sessions that share a trace with one"
                    " of them.", Related, (
            Parameter("kind", "What `name` is the id of.", {
                "type": "string", "enum": [kind.value for kind in RelatedKind],
            }, is_in_path=True),
            in_path("name", "Its id, or a number of an issue."),
        )),
        lambda sources, request: related_of(sources, request.path_params["kind"], request.path_params["name"]),
    ),
    Operation(
        Description(f"{ROOT}/services", "Rate, errors and durations of all services, or of one's operations.",
                    RatesBody, (
            Parameter("service", "List the operations of this one.", TEXT),
            *TIMES,
            Parameter("synthetic", "With the traffic of probers and loads, or without it, which is usual.", {
                "type": "string", "enum": ["with", "without"],
            }),
        )),
        _services,
    ),
    Operation(
        Description(f"{ROOT}/runtimes", "What the runtimes of a service sent: memory, CPU, pools, queues and the like.",
                    RuntimeBody, (Parameter("service", "Which one.", TEXT), *TIMES)),
        _runtime,
    ),
    Operation(
        Description(f"{ROOT}/hosts", "Hosts that sent system metrics, and what they said last.", HostsBody, TIMES),
        _hosts,
    ),
)  # fmt: skip
