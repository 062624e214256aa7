"""A server as commands ask it: it answers with the very values that the workspace itself answers with."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pandas.testing import assert_frame_equal
from tests.builders import run_of

import outrider
from outrider.alerts.finding import Facts, Problem
from outrider.app.access.listeners import SILENT
from outrider.app.access.server_client import server_client
from outrider.app.alerting.stored_incidents import incident_rows, stored_incident_rows
from outrider.app.backends.local_backend import LocalBackend
from outrider.app.backends.remote_backend import RemoteBackend
from outrider.app.backends.remote_tables import remote_sources
from outrider.dashboard.api_values import EvidenceItem
from outrider.model import (
    Attempt,
    AttemptTrace,
    AuditEntry,
    Measurement,
    Outcome,
    Release,
    Role,
    RunId,
    Sample,
    Selection,
    ServerError,
    Step,
    StepKind,
    StoredComparison,
    StoredGate,
    StoredRun,
    UsageError,
    new_run_id,
)
from outrider.server import Access, AccessRules, Background, TokenRequest, application, issue_token, listen
from outrider.workspace import ServerSettings, load

from .conftest import HOUR_US, MINUTE_US, NOW_US

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrider.server import Application

    from .conftest import Scene

API_PAGE = Path(__file__).parents[2] / "docs" / "api.md"
HOSTILE = "<script>alert(1)</script>/../?x=1#&% 商品"


def served(scene: Scene) -> Application:
    """Return the application of a server that knows tokens."""
    access = Access(scene.store, AccessRules(ServerSettings(), is_loopback=True), lambda: NOW_US)
    return application(
        scene.store.heartbeats, None, lambda: NOW_US, scene.sources, access=access, actions=scene.actions
    )


@pytest.fixture
def remote(scene: Scene) -> Iterator[RemoteBackend]:
    """A server of a workspace in which something happened."""
    home, pay = scene.add("home"), scene.add(HOSTILE, locations=("oslo", "rome"), tags=frozenset({"money"}))
    steps = (Step("pay", "pay", StepKind.NAMED, 1.5, 90.25, source="a.py:3"),)
    measurement = Measurement(
        Outcome.FAILED, HOSTILE, NOW_US, 120.5, steps, (Sample("pay", "duration_ms", 90.25),),
        attributes={"browser": "chromium"}, traces=(AttemptTrace("a" * 32, "pay"),),
    )  # fmt: skip
    run = scene.ran(pay, Outcome.FAILED, reason=HOSTILE, location="oslo")
    attempts = (Attempt(1, measured=True, evidence=False, measurement=measurement),)
    own_id, due_us = RunId(run.id[:-4] + "beef"), NOW_US - MINUTE_US // 2
    detailed = replace(run, id=own_id, due_us=due_us, attempts=attempts)
    scene.store.runs.record(detailed)
    for minute in range(2, 260):
        scene.ran(home, ago_us=minute * MINUTE_US)
    scene.incident(pay, what=HOSTILE, labels={"team": HOSTILE}, release="v2")
    scene.incident(home, Problem.DEGRADATION, "slow", since_us=NOW_US - 2 * HOUR_US, acknowledged_by="ada")
    for ago_us, name in ((2 * HOUR_US, "v1"), (HOUR_US, "v2")):
        scene.store.judgements.record_release(Release(name, "production", NOW_US - ago_us, name == "v2"))
    listener = listen("127.0.0.1", 0)
    background = Background(served(scene), listener)
    entry = AuditEntry(NOW_US, "ada", "token.create", "ci")
    token = issue_token(scene.store, TokenRequest("ci", role=Role.ADMIN), entry).secret
    yield RemoteBackend(server_client(f"http://127.0.0.1:{listener.getsockname()[1]}/", token))
    background.close()


@pytest.fixture
def local(scene: Scene) -> LocalBackend:
    return LocalBackend(load(scene.root), scene.store)


def test_runs_are_the_same_beyond_a_page_and_by_any_pattern(remote: RemoteBackend, local: LocalBackend) -> None:
    """Two hundred are a page of the API."""
    for pattern, outcome, limit in (
        ("*", None, 250), ("*", None, 1000), ("*home", None, 3), ("*", Outcome.FAILED, 9),
        ("probe:probes/shop.toml::home", None, 2), (f"probe:probes/shop.toml::{HOSTILE}", None, 5), ("none", None, 5),
    ):  # fmt: skip
        listed = remote.runs(pattern, outcome=outcome, limit=limit)
        assert listed == local.runs(pattern, outcome=outcome, limit=limit)
        assert listed.is_complete == local.runs(pattern, outcome=outcome, limit=limit).is_complete
    assert "did you mean" in remote.unknown_check_note("probe:probes/shop.toml::hom")


def test_one_run_is_the_same_but_for_where_its_artifacts_lie(remote: RemoteBackend, local: LocalBackend) -> None:
    """By its id or an end of it."""
    (run, *_) = local.runs("*", outcome=Outcome.FAILED, limit=9)

    stored = remote.run(run.id[-8:])

    assert stored == StoredRun(local.run(run.id).run, (), ())
    assert remote.run(run.id).run == local.run(run.id).run


def test_incidents_are_the_same(remote: RemoteBackend, local: LocalBackend) -> None:
    """With why they notify nobody, and what happened to each."""
    listed, own = (backend.incidents(include_resolved=False, listener=SILENT) for backend in (remote, local))

    assert sorted(incident.id for incident in listed.incidents) == sorted(incident.id for incident in own.incidents)
    by_id = {incident.id: incident for incident in own.incidents}
    assert all(incident == replace(by_id[incident.id], events=()) for incident in listed.incidents)
    for incident in own.incidents:
        assert remote.incident(incident.id[-8:]) == local.incident(incident.id)
        assert remote.explanation(incident) == local.explanation(incident) == ()
    assert listed.undelivered == own.undelivered


def test_all_that_leads_an_incident_is_answered() -> None:
    """What is added to the facts of a finding is added here; otherwise a server would tell less than a workspace."""
    answered = {"since_us" if field.name == "since" else field.name for field in fields(EvidenceItem)}

    assert answered == {field.name for field in fields(Facts)}


def test_the_state_of_the_service_is_the_same(remote: RemoteBackend, local: LocalBackend, scene: Scene) -> None:
    """Last runs, pauses, coverage."""
    remote.pause(["*home"], "roof")
    status, own = remote.status(), local.status()

    assert replace(status, coverage=(), turns=()) == replace(own, coverage=(), turns=())
    assert [pause.reason for pause in status.pauses] == ["roof"]
    assert remote.timezone == scene.service.timezone


def test_what_is_done_is_noted_by_who_asked(remote: RemoteBackend, local: LocalBackend, scene: Scene) -> None:
    """Runs, pauses, acknowledgements, silences and releases; the audit log of the server has them all."""
    (requested,) = remote.request_runs(["tag:money"], None)
    assert remote.resume(["*home"]) == {"probe:probes/shop.toml::home": False}
    assert remote.pause(["*home"], "roof") == ("probe:probes/shop.toml::home",)
    incident = local.incidents(include_resolved=False, listener=SILENT).incidents[0]
    named, author = remote.acknowledge(incident.id[-8:], author="", resolve=False, comment="I look")
    assert remote.assign(incident.id, "grace", author="")[1] == "token ci"
    assert remote.comment(incident.id, HOSTILE, author="")[0] == named
    effect = remote.silence(["kind=probe"], length_s=90.0, starts_us=None, author="", comment=HOSTILE)
    remote.mark_release("v3", at_us=None, environment=None, accept=True)

    assert [comment.text for comment in remote.incident(incident.id)[1]] == ["I look", HOSTILE]
    assert requested.check.endswith(HOSTILE)
    assert (named, author) == (local.incident(incident.id)[0], "token ci")
    assert (effect.incidents, effect.checks) == (0, 2)
    assert [muting.matchers for muting in remote.silences()] == [("kind=probe",)]
    assert remote.releases("production") == local.releases("production")
    assert [release.name for release in remote.releases(None)] == ["v1", "v2", "v3"]
    actions = {change.action for change in remote.changes(50)}
    assert {"check.run", "check.pause", "incident.acknowledge", "silence.add", "release.mark"} <= actions
    assert [replace(change, key=0) for change in local.changes(50)] == list(remote.changes(50))


def test_rows_are_the_same_as_frames_and_incomplete_ones_are_refused(
    remote: RemoteBackend, local: LocalBackend, scene: Scene
) -> None:
    """Of any time and name; what a server does not give is said."""
    stated: tuple[dict[str, str], ...] = (
        {},
        {"check": "*home", "since": "2024-10-04T10:00"},
        {"check": f"probe:probes/shop.toml::{HOSTILE}"},
    )
    for read in ("samples", "runs", "steps"):
        for asked in stated:
            assert_frame_equal(getattr(remote.frames, read)(**asked), getattr(local.frames, read)(**asked))
    for read_own in (remote.frames, local.frames):
        assert len(read_own.samples(step="pay", judged_only=False)) == 1
    assert_frame_equal(remote.frames.samples(step="", metric=""), local.frames.samples(step="", metric=""))
    assert_frame_equal(remote.frames.samples(environment="none"), local.frames.samples(environment="none"))
    assert len(remote.frames.samples()) > 250
    rows = stored_incident_rows(scene.store.incidents, None, None)
    assert incident_rows(remote.recent_incidents(include_resolved=True, days=90, limit=None), None, None) == rows

    with pytest.raises(UsageError) as refused:
        remote.frames.rollups()
    assert refused.value.slug == "not-remote"
    few = remote_sources(remote.client, list, most_rows=3).tables
    with pytest.raises(UsageError) as refused:
        list(few.runs(Selection(), 2))
    assert refused.value.slug == "frame-too-large"


def test_new_levels_are_the_same_and_are_compared_check_by_check(
    remote: RemoteBackend, local: LocalBackend, scene: Scene
) -> None:
    """The latest first, of the checks that fit (seed 1)."""
    chance = random.Random(1)
    for name, level_ms in (("slow", 200.0), ("slower", 300.0)):
        check = scene.add(name)
        for number in range(200):
            took_ms = chance.uniform(0.97, 1.03) * (level_ms if number < 120 else 400.0)
            due_us = NOW_US - (200 - number) * MINUTE_US
            steps = (Step("page", "page", StepKind.NAMED, 0.0, took_ms),)
            samples = (Sample("page", "duration_ms", took_ms),)
            passed = Measurement(Outcome.PASSED, "", due_us, took_ms, steps=steps, samples=samples)
            scene.store.runs.record(run_of(passed, check.id))

    assert len(remote.level_changes("*")) == 2
    assert remote.level_changes("*slow*") == local.level_changes("*slow*")
    assert [change.check for change in remote.level_changes("*slower")] == ["probe:probes/shop.toml::slower"]


def test_checks_are_listed_with_how_they_run_switched_off_ones_too(remote: RemoteBackend, scene: Scene) -> None:
    """In the order of the workspace, beyond a page, by any pattern."""
    for number in range(250):
        scene.add(f"check{number}", tags=frozenset({"many"}), every_s=30.0 + number, enabled=number % 2 == 0)
    own = [replace(check, target="", policy=replace(check.policy, title=check.title)) for check in scene.checks or ()]

    assert list(remote.checks(())) == own
    assert [check.name for check in remote.checks(("*check249", "tag:money"))] == [HOSTILE, "check249"]
    with pytest.raises(UsageError) as refused:
        remote.checks(("nothing",))
    assert refused.value.slug == "unknown-check"


def test_decisions_of_the_gate_are_the_same(remote: RemoteBackend, scene: Scene) -> None:
    """With their comparisons, each by its id."""
    compared = StoredComparison("home", "", "fail", True, 0.0, 0.5, None, None, None, 9, HOSTILE)
    for number in range(3):
        at_us = NOW_US - number
        scene.store.gates.record(
            StoredGate(
                str(new_run_id(at_us)), at_us, f"{number}eed", "fail", HOSTILE, 1.5, "2/4", {"fail": 1},
                (("home", HOSTILE, "fail"),), (HOSTILE,), ("w",), (compared,),
            )
        )  # fmt: skip
    with outrider.open_server(remote.client.url, token=remote.client.token) as server:
        listed, own = server.gates(), scene.store.gates.search(limit=100)

        assert list(listed) == [replace(gate, notes=(), wrong=(), comparisons=()) for gate in own]
        assert server.gate(listed[1].id) == scene.store.gates.get(own[1].id)
        assert [gate.commit for gate in server.gates(commit="1e", verdict="fail", limit=1)] == ["1eed"]
        assert server.gates(verdict="pass") == ()


def test_annotations_are_the_same_and_are_noted_by_who_asked(remote: RemoteBackend, local: LocalBackend) -> None:
    """On one check or on those with a label, at a time of one's own."""
    assert remote.annotate(HOSTILE, at_us=NOW_US - 1, check="home", matchers=(), author="") == ""
    remote.annotate("cache warmed", at_us=None, check=None, matchers=("tag=money",), author="")
    (_, first) = remote.annotations()

    assert remote.annotations() == local.annotations()
    assert (first.at_us, first.matchers) == (NOW_US - 1, ("check=probe:probes/shop.toml::home",))
    remote.remove_annotation(first.id[-8:])
    assert [(mark.text, mark.author) for mark in local.annotations()] == [("cache warmed", "token ci")]


def test_settings_are_the_same_and_are_changed_as_they_are_typed(remote: RemoteBackend, local: LocalBackend) -> None:
    """By the token's name; the state of the service mentions what is set."""
    for name, text in (("capabilities.load", "false"), ("probes.per_host", "3"), ("probes.late", "80ms")):
        remote.change_setting(name, text, author="")
    remote.reset_setting("probes.per_host")

    assert remote.settings() == local.settings()
    assert remote.status().overrides == local.status().overrides
    assert [(state.name, state.value, state.author) for state in local.status().overrides] == [
        ("capabilities.load", False, "token ci"), ("probes.late", "80ms", "token ci"),
    ]  # fmt: skip


def silence(remote: RemoteBackend, matcher: str) -> None:
    remote.silence([matcher], length_s=9.0, starts_us=None, author="", comment="")


def test_what_a_server_decides_itself_is_refused(remote: RemoteBackend) -> None:
    """Before anything is changed."""
    acts: tuple[Callable[[], object], ...] = (
        lambda: remote.acknowledge("x", author="ada", resolve=False),
        lambda: remote.silence(["a=b"], length_s=1.0, starts_us=1, author="", comment=""),
        lambda: remote.change_setting("capabilities.load", "false", author="ada"),
        lambda: remote.annotate("x", at_us=None, check=None, matchers=(), author="ada"),
        lambda: remote.mark_release("v3", at_us=5, environment=None, accept=False),
    )
    for act in acts:
        with pytest.raises(UsageError) as refused:
            act()
        assert refused.value.slug == "not-remote"


@pytest.mark.parametrize(
    ("ask", "slug"),
    [
        (lambda remote: remote.run("zzz"), "unknown-run"),
        (lambda remote: remote.incident("zzz"), "unknown-incident"),
        (lambda remote: remote.end_silence("zzz"), "unknown-silence"),
        (lambda remote: remote.remove_annotation("zzz"), "unknown-annotation"),
        (lambda remote: remote.annotate("x", at_us=5, check="*", matchers=(), author=""), "ambiguous-check"),
        (lambda remote: remote.pause(["nothing"], ""), "unknown-check"),
        (lambda remote: remote.request_runs(["*home"], "mars"), "unknown-name"),
        (lambda remote: remote.change_setting("capabilities.lode", "false", author=""), "unknown-override"),
        (lambda remote: remote.change_setting("capabilities.load", "no", author=""), "bad-override"),
        (lambda remote: remote.reset_setting("capabilities.load"), "unknown-override"),
        (lambda remote: silence(remote, "none=x"), "unknown-label"),
        (lambda remote: silence(remote, "="), "bad-parameter"),
    ],
)  # fmt: skip
def test_names_that_mean_nothing_are_usage_errors_as_in_a_workspace(
    remote: RemoteBackend, ask: Callable[[RemoteBackend], object], slug: str
) -> None:
    """Their slug is the server's."""
    with pytest.raises(UsageError) as refused:
        ask(remote)

    assert refused.value.slug == slug
    assert refused.value.exit_code == 2


def test_a_server_of_another_version_is_named_as_such(remote: RemoteBackend) -> None:
    """An answer that lacks a field is no traceback."""
    with pytest.raises(ServerError) as refused:
        remote.client.read("/no-such-thing")
    assert (refused.value.slug, refused.value.exit_code) == ("server-answer", 4)


def test_a_program_reads_a_server_as_it_reads_a_workspace(
    remote: RemoteBackend, local: LocalBackend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By address and token, or by those of the environment; the example of the documentation runs."""
    url, token = remote.client.url, remote.client.token
    with outrider.open_server(url, token=token) as server:
        assert server.runs(limit=None) == local.runs("*", outcome=None, limit=1_000)
        (failed, *_) = server.runs(outcome="failed", limit=1)
        assert server.stored_run(failed.id).run == local.run(failed.id).run
        (incident, *_) = server.incidents()
        assert server.incident(incident.id) == local.incident(incident.id)[0]
        assert server.runs("probe:none") == ()
        assert [check.name for check in server.checks("tag:money")] == [HOSTILE]
        assert len(server.frames.samples("*home")) == 258
        server.annotate("cache warmed", at=datetime(2026, 3, 1, tzinfo=UTC), matchers=["tag=money"])
        (mark,) = server.annotations()
        assert (mark.at_us, mark.author) == (1_772_323_200_000_000, "token ci")
        server.remove_annotation(mark.id)
        assert local.annotations() == ()
    monkeypatch.setenv("OUTRIDER_SERVER", url)
    monkeypatch.setenv("OUTRIDER_TOKEN", "outrider_api_old")
    with pytest.raises(outrider.UsageError) as refused:
        outrider.open_server().runs()
    assert refused.value.slug == "invalid-token"
    assert "outrider_api_old" not in repr(outrider.open_server())

    monkeypatch.setenv("OUTRIDER_TOKEN", token)
    section = API_PAGE.read_text(encoding="utf-8").split("### Read from a server")[1]
    example = (
        section.split("```python\n")[1].split("```")[0].replace("http://127.0.0.1:8710", url).replace("*checkout*", "*")
    )
    exec(compile(example, "docs/api.md", "exec"), {"__name__": "__main__"})

    shown = capsys.readouterr().out
    assert "Measurement(" in shown
    assert "failure open ((" in shown


@pytest.mark.parametrize(
    "call",
    [
        lambda server: server.runs(5), lambda server: server.runs(limit=-1), lambda server: server.runs(outcome="no"),
        lambda server: server.incidents(days=-1), lambda server: server.incidents(days=91),
        lambda server: server.stored_run(None), lambda server: server.incident(3), lambda server: server.checks(1),
        lambda server: server.gates(commit=1), lambda server: server.gates(limit=-1), lambda server: server.gate(1),
        lambda server: server.annotate(1), lambda server: server.annotate("x", at=5),
        lambda server: server.annotate("x", matchers=[1]), lambda server: server.remove_annotation(None),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_refused_before_the_server_is_asked(call: Callable[[object], object]) -> None:
    """Nobody listens there."""
    with outrider.open_server("http://127.0.0.1:9", token="") as server, pytest.raises(outrider.UsageError) as refused:
        call(server)

    assert refused.value.slug == "bad-argument"
