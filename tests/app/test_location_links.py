"""What a worker asks of its server, over HTTP on a real socket."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx
import pytest
from tests.builders import new_store, run_of

from outrider.app import add_location, create_token
from outrider.app.access.scheduler_reader import LoadedWorkspace
from outrider.app.execution.declared_checks import probes_of
from outrider.app.locations.location_client import HttpLink
from outrider.app.locations.location_desk import LocationDesk
from outrider.app.locations.location_worker import on_clock
from outrider.app.locations.sealed_box import ForgedMessage
from outrider.model import (
    LEASE_US,
    ArtifactFile,
    ArtifactKind,
    CheckId,
    ConfigError,
    Content,
    FailedShare,
    HeldRun,
    LoadShare,
    Measurement,
    Outcome,
    OutriderError,
    QueueEntry,
    Role,
    RunId,
    TokenKind,
    UsageError,
    Verdict,
    WorkerReport,
    new_run_id,
)
from outrider.runs import packed_run
from outrider.server import Access, AccessRules, Background, application, listen
from outrider.workspace import ServerSettings, Snapshotter, available_secrets, load, unpack_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrider.alerts import AlertSettings
    from outrider.model import Assignment, LocationOrder, Run, WorkerLink
    from outrider.store import Store

NOW_US = 1_800_000_000_000_000
HOME, SLOW = "probe:probes/shop.toml::home", "probe:probes/shop.toml::slow"
PASSWORD = "correct-horse-battery"
SETTINGS = """
[secrets]
password = {env = "SHOP_PASSWORD"}
collector = {env = "COLLECTOR_KEY"}

[otel.headers]
Authorization = "collector"
"""
"""The collector's key is the service's own."""
REPORT = WorkerReport("one", "i1", version("outrider"), probes=5, turns=1)
PROBES = """
[home]
kind = "tcp"
address = "127.0.0.1:1"
every = "60s"
timeout = "60s"
locations = ["fra"]
[slow]
kind = "tcp"
address = "127.0.0.1:1"
every = "1h"
timeout = "1h"
locations = ["fra"]
"""


@dataclass
class Server:
    """A desk with a clock that is set, and what it is reached by."""

    store: Store
    root: Path
    token: str
    digest: str = ""
    now_us: int = NOW_US
    links: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Load the workspace as it is now."""
        workspace = load(self.root)
        self.digest = Snapshotter(workspace).take().digest
        catalogue = probes_of(workspace, available_secrets(workspace, os.environ))
        loaded = LoadedWorkspace(
            "1", workspace, catalogue.checks, catalogue.heartbeats, cast("AlertSettings", None), self.digest
        )
        self.desk = LocationDesk(self.store, lambda: loaded, lambda: self.now_us)

    def serve(self, port: int = 0) -> str:
        access = Access(self.store, AccessRules(ServerSettings()), lambda: self.now_us)
        application_ = application(self.store.heartbeats, None, lambda: self.now_us, access=access, desk=self.desk)
        listener = listen("127.0.0.1", port)
        background = Background(application_, listener)
        self.links.append(background.close)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def order(self, check: str = HOME, due_us: int = NOW_US, priority: int = 0, location: str = "fra") -> RunId:
        entry = QueueEntry(RunId(new_run_id(due_us)), check, location, due_us, priority)  # type: ignore[arg-type]
        self.store.schedule.ask([entry])
        return entry.run


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    root = tmp_path / "workspace"
    (root / "probes").mkdir(parents=True)
    (root / "outrider.toml").write_text(SETTINGS)
    (root / "probes" / "shop.toml").write_text(PROBES)
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    monkeypatch.setenv("COLLECTOR_KEY", "ours alone")
    with new_store(root / ".outrider" / "outrider.db", artifacts=root / ".outrider" / "artifacts") as store:
        made = Server(store, root, add_location(store, "fra").secret)
        yield made
        for close in made.links:
            close()


@pytest.fixture
def link(server: Server) -> WorkerLink:
    """Return a link without TLS, which is a proxy's in front of the server."""
    return HttpLink(server.serve(), server.token, "fra", "i1")


def taken(link: WorkerLink, report: WorkerReport = REPORT) -> Assignment:
    assignment = link.take(report, 0.0)
    assert assignment is not None
    return assignment


def given(link: WorkerLink, probes: int) -> list[RunId]:
    """Return the runs of the orders that a worker gets which has room for so many."""
    runs: list[RunId] = []
    while len(runs) < probes and (assignment := link.take(replace(REPORT, probes=probes - len(runs)), 0.0)):
        runs += [order.run for order in assignment.orders]
    return runs


def delivered(link: WorkerLink, held: HeldRun, document: bytes) -> Verdict:
    """Deliver one result; raises why it is refused."""
    (verdict,) = link.deliver([(held, document)])
    if isinstance(verdict, UsageError):
        raise verdict
    return verdict


def measured(order: LocationOrder, artifacts: tuple[ArtifactFile, ...] = ()) -> Run:
    measurement = Measurement(Outcome.PASSED, "", order.due_us, 5.0, artifacts=artifacts)
    return run_of(measurement, order.check, id=order.run, location="fra", due_us=order.due_us)


def with_file(run: Run, digest: str) -> Run:
    """Return a run with a file whose content lies elsewhere than in the artifact folder."""
    file = ArtifactFile(ArtifactKind.LOG, "log.txt", "text/plain", Path("log.txt"), content=Content(digest, 1))
    (attempt,) = run.attempts
    return replace(run, attempts=(replace(attempt, measurement=replace(attempt.measurement, artifacts=(file,))),))


def lasting(run: Run, duration_ms: float) -> Run:
    """Return a run whose attempt took so long."""
    (attempt,) = run.attempts
    return replace(run, attempts=(replace(attempt, measurement=replace(attempt.measurement, duration_ms=duration_ms)),))


def test_an_order_is_made_with_what_it_needs_and_its_result_counts_once(
    server: Server, link: WorkerLink, tmp_path: Path
) -> None:
    """Snapshot, secrets of checks and files travel; what is sent again changes nothing."""
    run = server.order()
    assert link.report(REPORT).now_us == NOW_US

    assignment = taken(link)
    link.fetch(assignment.snapshot, tmp_path / "archive")
    snapshot = unpack_snapshot(tmp_path / "archive", tmp_path / "snapshots", assignment.snapshot)
    (order,) = assignment.orders
    content = b"the page" * 400_000
    file = ArtifactFile(ArtifactKind.LOG, "log.txt", "text/plain", Path("log.txt"))
    file = replace(file, content=Content(sha256(content).hexdigest(), len(content)))
    document = packed_run(measured(order, (file,)))
    with pytest.raises(UsageError, match=r"log\.txt was not uploaded"):
        delivered(link, HeldRun(run, order.lease), document)
    link.upload(sha256(content).hexdigest(), content)
    link.upload(sha256(content).hexdigest(), content)
    verdicts = [delivered(link, HeldRun(run, order.lease), document) for _ in range(2)]

    assert (order.run, order.check, order.lease) == (run, HOME, 1)
    assert assignment.secrets == {"password": PASSWORD}
    assert (snapshot.path / "probes" / "shop.toml").read_text() == PROBES
    assert verdicts == [Verdict.TAKEN] * 2
    with server.store.artifacts.open(sha256(content).hexdigest()) as stored:
        assert stored.read() == content
    assert [result.run for result in server.store.locations.delivered()] == [run]
    assert link.take(REPORT, 0.0) is None


def test_a_late_result_of_an_older_lease_is_a_duplicate_and_an_unknown_one_is_told_apart(
    server: Server, link: WorkerLink
) -> None:
    """The order went to the next worker when its lease ended: at least once, and judged once."""
    server.order(SLOW)
    (first,) = taken(link).orders
    server.now_us += LEASE_US
    (second,) = taken(link, replace(REPORT, name="two", instance="i2")).orders
    unknown = replace(first, run=RunId(new_run_id(NOW_US)))

    assert (first.run, second.lease) == (second.run, 2)
    assert delivered(link, HeldRun(first.run, 1), packed_run(measured(first))) is Verdict.DUPLICATE
    assert delivered(link, HeldRun(unknown.run, 1), packed_run(measured(unknown))) is Verdict.UNKNOWN
    assert delivered(link, HeldRun(second.run, 2), packed_run(measured(second))) is Verdict.TAKEN


def test_of_several_results_each_has_its_verdict(server: Server, link: WorkerLink) -> None:
    """One that is refused costs the others nothing."""
    server.order(HOME)
    server.order(SLOW)
    orders: list[LocationOrder] = []
    while len(orders) < 2:
        orders += taken(link).orders
    first, second = orders
    unknown = replace(first, run=RunId(new_run_id(NOW_US)))
    documents = [
        packed_run(measured(first)),
        packed_run(replace(measured(second), location="ams")),
        packed_run(measured(unknown)),
        packed_run(measured(second)),
    ]

    held = [HeldRun(order.run, order.lease) for order in (first, second, unknown, second)]
    verdicts = link.deliver(list(zip(held, documents, strict=True)))

    assert verdicts[0] is verdicts[3] is Verdict.TAKEN
    assert isinstance(verdicts[1], UsageError)
    assert (verdicts[1].slug, verdicts[2]) == ("bad-result", Verdict.UNKNOWN)
    assert {result.run for result in server.store.locations.delivered()} == {first.run, second.run}


def test_orders_come_by_priority_and_deadline_as_far_as_there_is_room_and_time(
    server: Server, link: WorkerLink
) -> None:
    """Run now before the rest, short periods before long ones; what came too late is not given out."""
    slow, home = server.order(SLOW), server.order(HOME)
    now = server.order(SLOW, NOW_US + 1, priority=1_000)
    server.order(HOME, NOW_US - 61_000_000)
    server.order(HOME, location="elsewhere")

    assert link.take(replace(REPORT, probes=0), 0.0) is None
    assert given(link, 2) == [now, home]
    assert given(link, 5) == [slow]


def test_a_share_of_a_load_goes_to_one_worker_that_has_room(server: Server, link: WorkerLink) -> None:
    """It comes with what it needs, before orders that wait; who has no room for it gets those."""
    share = LoadShare("s1", "fra", CheckId("load:x"), "10.0.0.5", 5557, NOW_US + 60_000_000, "config")
    server.store.load_shares.ask([share, replace(share, id="s2", location="ams")], NOW_US)
    run = server.order(HOME)

    ordered = taken(link, replace(REPORT, turns=0))
    shared = taken(link)
    link.report(replace(REPORT, failed_shares=(FailedShare("s1", "ended"), FailedShare("s2", "ended"))))

    assert ([order.run for order in ordered.orders], ordered.shares) == ([run], ())
    assert (shared.shares, shared.snapshot, shared.secrets) == ((share,), server.digest, {"password": PASSWORD})
    assert link.take(REPORT, 0.0) is None
    assert [state.why for state in server.store.load_shares.states(["s1", "s2"])] == ["", "ended"]


@pytest.mark.parametrize(
    ("report", "slug"),
    [
        (replace(REPORT, version="0.0.1"), "worker-version"),
        (replace(REPORT, instance="i2"), "worker-name-taken"),
    ],
)
def test_a_worker_that_cannot_work_is_refused_with_a_message(
    server: Server, link: WorkerLink, report: WorkerReport, slug: str
) -> None:
    """One of another version, or with the name of another one; it gets no order."""
    server.order()
    link.report(REPORT)

    for call in (link.report, lambda report: link.take(report, 0.0)):
        with pytest.raises(UsageError) as refused:
            call(report)
        assert refused.value.slug == slug


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        (lambda run: packed_run(replace(run, check=SLOW)), "bad-result"),
        (lambda run: packed_run(replace(run, location="ams")), "bad-result"),
        (lambda run: packed_run(with_file(run, "..outrider.db")), "bad-result"),
        (lambda run: packed_run(with_file(run, ("../" * 40) + "etc/passwd")), "bad-result"),
        (lambda run: packed_run(lasting(run, 10**400)), "bad-message"),
        (lambda run: packed_run(run)[:-40], "bad-message"),
        (lambda _run: b"\x80\x04cos\nsystem\n", "bad-message"),
    ],
)
def test_a_result_that_is_not_of_its_order_is_refused(
    server: Server, link: WorkerLink, change: Callable[[Run], bytes], slug: str
) -> None:
    """Nothing of it is kept, and the order stays."""
    server.order()
    (order,) = taken(link).orders

    with pytest.raises(UsageError) as refused:
        delivered(link, HeldRun(order.run, order.lease), change(measured(order)))
    assert refused.value.slug == slug
    assert server.store.locations.delivered() == ()


def test_a_forged_message_is_noticed_and_a_token_opens_its_location_only(server: Server) -> None:
    """Secrets are not readable on their way, a location's key opens no other's, and pages and the API stay closed."""
    url = server.serve()
    server.order()
    headers = {"Authorization": f"Bearer {server.token}"}
    other = add_location(server.store, "ams").secret
    api = create_token(server.store, "ci", TokenKind.API, role=Role.ADMIN).secret
    body = json.dumps({"name": "one", "instance": "i1", "version": version("outrider"), "probes": 1}).encode()

    answer = httpx.post(f"{url}/api/v1/worker/orders", headers=headers, content=body)
    link = HttpLink(url, server.token, "fra", "i1")
    with pytest.raises(ForgedMessage):
        link._orders.open(answer.content[:-1] + b"\0", "fra i1")
    with pytest.raises(ForgedMessage):
        HttpLink(url, other, "ams", "i1")._orders.open(answer.content, "fra i1")
    forged = httpx.post(f"{url}/api/v1/worker/results?worker=i1", headers=headers, content=b"x" * 40)
    refused = [
        httpx.post(f"{url}/api/v1/worker/report", headers={"Authorization": f"Bearer {api}"}, content=body),
        httpx.get(f"{url}/api/v1/worker/snapshots/{server.digest}"),
    ]

    assert b"home" in link._orders.open(answer.content, "fra i1")
    assert PASSWORD.encode() not in answer.content
    assert (forged.status_code, forged.json()["type"].partition("#")[2]) == (409, "forged-message")
    assert [answer.status_code for answer in refused] == [401, 401]
    with pytest.raises(UsageError, match="is for the location ams"):
        HttpLink(url, other, "fra", "i1").report(REPORT)
    with pytest.raises(OutriderError, match="https only"):
        HttpLink("http://outrider.example", server.token, "fra", "i1")


def test_files_that_do_not_have_the_ordered_hash_are_not_run(server: Server, tmp_path: Path) -> None:
    """Somebody changed a file on its way."""
    archive = server.desk.pack(server.digest)

    with pytest.raises(ConfigError) as refused:
        unpack_snapshot(archive, tmp_path / "snapshots", "0" * len(server.digest))

    archive.unlink()
    assert refused.value.slug == "snapshot-mismatch"
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_times_of_a_clock_that_is_an_hour_late_become_those_of_the_server() -> None:
    """The run, and each attempt of it; how long things took is a matter of a monotonic clock."""
    run = run_of(Measurement(Outcome.PASSED, "", NOW_US, 5.0), due_us=NOW_US + 1)
    on_servers = on_clock(run, 3_600_000_000)

    assert on_servers.started_us - run.started_us == 3_600_000_000
    assert on_servers.attempts[0].measurement.started_us == NOW_US + 3_600_000_000
    assert (on_servers.due_us, on_servers.attempts[0].measurement.duration_ms) == (NOW_US + 1, 5.0)
