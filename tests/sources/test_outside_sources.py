"""Sources are read within their time, and one that is away, slow, refuses or lies is said, and raises nothing."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from outrider.model import SourceError, SourceKind, SpanLink
from outrider.sources import OutsideSources, SourceAccess
from outrider.workspace import SourceSettings

from .stand_in import SECRET, START_US, TRACE, jaeger_trace

if TYPE_CHECKING:
    from .stand_in import StandIn


def source(kind: SourceKind, url: str, **options: object) -> SourceAccess:
    headers = options.pop("headers", ())
    return SourceAccess(SourceSettings("own", kind, url, timeout_s=30.0, **options), headers)  # type: ignore[arg-type]


def jaeger(url: str, name: str = "traces", timeout_s: float = 30.0, **options: object) -> SourceAccess:
    return SourceAccess(SourceSettings(name, SourceKind.JAEGER, url, timeout_s=timeout_s), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [SourceKind.JAEGER, SourceKind.TEMPO])
def test_spans_are_ours(stand_in: StandIn, kind: SourceKind) -> None:
    """Times, parents, links, events, kinds, states, resources, as the same span has them that was sent by OTLP."""
    stand_in.traces[TRACE] = jaeger_trace(TRACE)
    sources = OutsideSources([source(kind, f"{stand_in.url}/{kind}")])

    traces = sources.traces([TRACE, "f" * 32])
    alone = sources.traces([TRACE])

    assert traces == alone
    root, query = traces[TRACE]
    assert (root.time_ns, root.duration_ns, root.parent_span_id) == (START_US * 1000, 40_000_000, "")
    assert (root.service, root.name, root.kind, root.status) == ("shop", "GET /pay", "Server", "Unset")
    assert root.resource == {"service.name": "shop", "service.version": "2.4.0"}
    assert (root.scope_name, root.attributes["http.response.status_code"]) == ("flask", "500")
    assert (query.parent_span_id, query.kind, query.status, query.status_message) == (
        root.span_id, "Client", "Error", "lock timeout",
    )  # fmt: skip
    assert query.links == (SpanLink("f" * 32, "1" * 16, "", {}),)
    assert [(event.name, event.attributes) for event in query.events] == [("exception", {"exception.type": "Lock"})]
    assert sources.traces(["e" * 32]) == {}
    [state] = sources.check()
    assert (state.problem, state.version) == ("", "2.8.1" if kind is SourceKind.TEMPO else "")


def test_documents_of_elasticsearch_are_log_records(stand_in: StandIn) -> None:
    """In the fields of ECS and of OpenTelemetry, nested or with dots; the key is sent as Elasticsearch wants it."""
    key = (("Authorization", "ApiKey abc"),)
    url = f"{stand_in.url}/elasticsearch"
    sources = OutsideSources([source(SourceKind.ELASTICSEARCH, url, headers=key, selector="logs-*,app logs")])

    otel, ecs = sources.logs(START_US * 1000, START_US * 1000 + 10**9, trace_id=TRACE, least_severity=13)
    none = sources.logs(0, 10**18, trace_id="e" * 32)

    assert none == ()
    for record in (ecs, otel):
        assert (record.body, record.service, record.severity_number) == ("pool is empty", "shop", 17)
        assert (record.trace_id, record.span_id) == (TRACE, "00f067aa0ba902b7")
        assert record.attributes["http.retries"] == "3"
        assert record.time_ns // 10**6 == 1_790_000_000_123
    assert (ecs.severity_text, otel.severity_text) == ("error", "ERROR")
    assert otel.resource == {"service.name": "shop", "host.name": "node-9"}
    assert stand_in.asked[-1].startswith("/elasticsearch/logs-*,app%20logs/_search?ignore_unavailable=true")
    assert sources.check()[0].version == "8.19.4"


@pytest.mark.parametrize("kind", SourceKind)
@pytest.mark.parametrize("how", ["html", "other", "list", "deep", "numbers", "odd", "late", "endless", "streamed"])
def test_whatever_a_source_answers_is_its_problem(stand_in: StandIn, kind: SourceKind, how: str) -> None:
    """And nobody else's: traces, log lines and errors are none then, and of series the error says it."""
    options = {"organization": "acme"} if kind is SourceKind.SENTRY else {}
    sources = OutsideSources([source(kind, f"{stand_in.url}/odd/{how}", **options)])

    answers = (sources.traces([TRACE]), sources.logs(0, 1, trace_id=TRACE), sources.errors([TRACE], 0, 1))
    if kind is SourceKind.PROMETHEUS:
        with pytest.raises(SourceError, match=r"^source own "):
            sources.series("up", 1, 2, 1)

    assert [*map(len, answers)] == [0, 0, 0]
    assert sources.states()[0].problem.startswith("source own ")


def test_texts_of_a_source_can_be_shown_and_stored(stand_in: StandIn) -> None:
    """An escape in JSON may stand for what no database or page takes; a text may be null, a duration below zero."""
    stand_in.traces[TRACE] = odd = jaeger_trace(TRACE)
    odd["spans"][0] |= {"operationName": "SELECT \ud800\0", "duration": -5}
    odd["processes"]["p2"]["serviceName"] = None

    query = OutsideSources([jaeger(f"{stand_in.url}/jaeger")]).traces([TRACE])[TRACE][1]

    assert (query.name, query.service, query.duration_ns) == (r"SELECT \ud800\x00", "", 0)


def test_errors_of_sentry_are_found_by_their_trace(stand_in: StandIn) -> None:
    """With the page of each; a wrong organization and a wrong token are told apart."""
    options = {"organization": "acme", "selector": "environment:production", "headers": (("Authorization", SECRET),)}
    url = f"{stand_in.url}/sentry"
    sources = OutsideSources([source(SourceKind.SENTRY, url, **options)])
    wrong = OutsideSources([source(SourceKind.SENTRY, url, **{**options, "organization": "other"})])
    refused = OutsideSources([source(SourceKind.SENTRY, url, **{**options, "headers": ()})])

    [error] = sources.errors([TRACE], START_US, START_US + 10**6)
    asked = stand_in.asked[-1]

    assert (error.title, error.project, error.issue) == ("Lock: lock timeout", "shop", "SHOP-4F")
    assert (error.at_us, error.trace_id) == (START_US, TRACE)
    assert error.url == f"{url}/organizations/acme/issues/4711/events/{TRACE}/"
    assert f"query=environment%3Aproduction+trace%3A%5B{TRACE}%5D&start=2026-09-21T14%3A13%3A20" in asked
    assert sources.check()[0].problem == ""
    assert wrong.check()[0].problem == "source own knows no organization other"
    assert refused.check()[0].problem == "source own refuses us (401)"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("waits", "did not answer within 0.2 s"),
        ("refuses", "refuses us (403)"),
        ("signs", "refuses us (401)"),
        ("breaks", "answered 503: no shards"),
        ("html", "a page of HTML"),
        ("deep", "something else than JSON"),
        ("large", "more than 32 MB"),
        ("moves", "redirects elsewhere"),
        ("other", "does not answer as Jaeger does"),
        ("list", "does not answer as Jaeger does"),
        ("numbers", "does not answer as Jaeger does"),
    ],
)
def test_what_is_wrong_with_a_source_is_said(stand_in: StandIn, how: str, says: str) -> None:
    """The others answer all the same."""
    stand_in.traces[TRACE] = jaeger_trace(TRACE)
    odd_one = jaeger(f"{stand_in.url}/odd/{how}", "odd", 0.2 if how == "waits" else 30.0)
    sources = OutsideSources([odd_one, jaeger(f"{stand_in.url}/jaeger")])

    traces = sources.traces([TRACE])

    assert list(traces) == [TRACE]
    odd, well = sources.states()
    assert odd.problem.startswith("source odd ")
    assert says in odd.problem
    assert odd.fix
    assert odd.took_ms is None
    assert well.problem == ""


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("noted", [(5.0,)]),
        ("native", []),
        ("partial", "answers a part only: isPartial"),
        ("warned", "answers a part only: store 2 is gone"),
        ("large", "answers with more than 32 MB"),
    ],
)
def test_a_part_of_an_answer_is_none(stand_in: StandIn, how: str, says: object) -> None:
    """What is not whole would look calm; an answer that is too large is the asker's alone, and the source asked on."""
    sources = OutsideSources([source(SourceKind.PROMETHEUS, f"{stand_in.url}/odd/{how}")])

    try:
        answer: object = [own.values for own in sources.series("up", 1, 2, 1)]
    except SourceError as error:
        answer = error.what.removeprefix("source own ")

    assert answer == says
    is_left_alone = isinstance(says, str) and how != "large"
    assert (sources.states()[0].problem != "") == is_left_alone


def test_one_that_is_away_is_left_alone_for_a_while(stand_in: StandIn) -> None:
    """It is asked again after 15 seconds, then after 30; a check asks at once."""
    now_s = [0.0]
    url = f"{stand_in.url}/odd/breaks/alone"
    sources = OutsideSources([jaeger(url)], clock=lambda: now_s[0])
    asked = []

    for at_s in (0, 14, 16, 45, 47):
        now_s[0] = at_s
        sources.traces([TRACE])
        asked.append(sum("breaks/alone" in path for path in stand_in.asked))
    sources.check()

    assert asked == [1, 1, 2, 2, 3]
    assert sum("breaks/alone" in path for path in stand_in.asked) == 4


def test_a_check_says_who_answers(stand_in: StandIn) -> None:
    """With the secret, without it, without a secret's value, and where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    sources = OutsideSources(
        [
            jaeger(f"{stand_in.url}/odd/signs", "signed", headers=(("Authorization", SECRET),)),
            jaeger(f"{stand_in.url}/jaeger", "unset", problem="secrets.TOKEN has no value", fix="set TOKEN"),
            jaeger(nobody, "nobody"),
        ]
    )

    signed, unset, away = sources.check()

    assert signed.problem == ""
    assert signed.took_ms is not None
    assert (unset.problem, unset.fix) == ("secrets.TOKEN has no value", "set TOKEN")
    assert away.problem == "source nobody cannot be reached: Connection refused"
    assert SECRET not in repr(sources.states())
