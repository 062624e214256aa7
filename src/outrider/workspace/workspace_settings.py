"""What the files of a workspace say, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from outrider.model import CatchUp, CheckId, Overlap, Place, Policy, UsageError
from outrider.workspace.location_settings import LocationSettings
from outrider.workspace.named_paths import expanded
from outrider.workspace.otel_settings import OtelSettings
from outrider.workspace.server_settings import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from outrider.workspace.error_settings import ErrorSettings
    from outrider.workspace.source_settings import SourceSettings
    from outrider.workspace.status_page_settings import StatusPageSettings
    from outrider.workspace.telemetry_settings import TelemetrySettings

STATE_FOLDER = ".outrider"
SETTINGS_FILE = "outrider.toml"
SCHEDULE_FILE = "scheduler/schedule.toml"

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class PolicyOverrides:
    """The keys of a policy that one place sets; None means "not set here".

    Attributes:
        id: An explicit identity; only a check's own file may give it.
        session: Empty to run without the session that a less specific file sets.
        cron: Empty to run by interval although a less specific file sets a cron.
        labels: Added to those that a farther file gives.
        decides: Empty to have all steps decide although a less specific file names some.
    """

    every_s: float | None = None
    timeout_s: float | None = None
    retries: int | None = None
    evidence: bool | None = None
    locations: tuple[str, ...] | None = None
    environment: str | None = None
    tags: frozenset[str] | None = None
    enabled: bool | None = None
    session: str | None = None
    every_failing_s: float | None = None
    cron: str | None = None
    jitter_s: float | None = None
    overlap: Overlap | None = None
    catch_up: CatchUp | None = None
    priority: int | None = None
    title: str | None = None
    labels: Mapping[str, str] | None = None
    decides: tuple[str, ...] | None = None
    down_in: int | None = None
    id: str | None = None

    def over(self, policy: Policy) -> Policy:
        """Return `policy` with everything that is set here."""
        values = {name: getattr(self, name) for name in _POLICY_FIELDS}
        kept = {name: getattr(policy, name) if value is None else value for name, value in values.items()}
        kept["labels"] = {**policy.labels, **(self.labels or {})}
        return Policy(**{**kept, "session": kept["session"] or None, "cron": kept["cron"] or None})


_POLICY_FIELDS = tuple(field.name for field in fields(Policy))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern over checks, and where it is written."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[check]]` of the schedule: what it matches, and what it sets."""

    patterns: tuple[Pattern, ...]
    overrides: PolicyOverrides
    cron_place: Place | None = None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window in which matching checks do not run.

    Attributes:
        start: Local time of a single window, ISO 8601; empty for one that recurs.
        cron: When a recurring one begins; empty for a single one.
        duration_s: How long it lasts.
        public: What the status page says of it; empty if it only says that there is one.
    """

    patterns: tuple[Pattern, ...]
    duration_s: float
    start: str = ""
    cron: str = ""
    reason: str = "maintenance"
    public: str = ""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How `outrider up` behaves.

    Attributes:
        probes_at_once: Concurrent probes.
        drain_s: How long runs under way may take to finish after SIGTERM.
        alive_url: Called while all is well, so that another service notices when the calls stop.
        alive_every_s: How often.
        coverage_s: The period over which coverage is computed.
        hosts: Names under which pages are asked for, besides those of the machine.
    """

    probes_at_once: int = 1000
    drain_s: float = 60.0
    alive_url: str = ""
    alive_every_s: float = 60.0
    coverage_s: float = _DAY_S
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JourneySettings:
    """How journeys run on this host.

    Attributes:
        runs_per_worker: Without effect, since each attempt has a worker of its own; accepted in older files.
        concurrency: Journeys measured at a time; more than one distorts the durations.
        starved_above: Share of the host, 0 to 1, used by other programs above which a run is inconclusive.
        picture_every_s: Age of a check's last picture from which on a passing run takes another; 0 for every run.
        main_thread: Note what kept the main thread of pages.
    """

    paths: tuple[str, ...] = ("journeys",)
    runs_per_worker: int = 5
    concurrency: int = 1
    starved_above: float = 0.8
    picture_every_s: float = 3_600.0
    main_thread: bool = True


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """How probes run on this host.

    Attributes:
        per_host: Concurrent requests to one host; further ones wait.
        late_s: Lateness of the prober itself above which a run is inconclusive.
        references: Addresses, host:port; if none of them can be reached, the prober's own network is down.
    """

    per_host: int = 8
    late_s: float = 0.05
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """How load profiles run on this host.

    Attributes:
        allowed_hosts: Names, globs, addresses and networks that a load may be sent to, besides this machine.
        busy_above: Share of a processor above which a generating process is saturated.
        late_s: Lateness of its event loop above which it is saturated.
        hang_after_s: Age from which on a request without an answer counts as hanging.
        hang_share: Share of all requests that may hang.
        trace_every: One request in so many names a trace, where the workspace takes telemetry; zero for none.
        master: Host and port at which workers of locations find the Locust master of a load that this host leads.
    """

    allowed_hosts: tuple[str, ...] = ()
    busy_above: float = 0.9
    late_s: float = 0.2
    hang_after_s: float = 10.0
    hang_share: float = 0.05
    trace_every: int = 100
    master: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """Which browser is used; `executable` takes precedence over `channel`, and both over one that is found."""

    name: str = "chromium"
    executable: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where results go, as written: a path below the workspace or a URL; see `Workspace.store_url`."""

    url: str = f"{STATE_FOLDER}/outrider.db"
    artifacts: str = f"{STATE_FOLDER}/artifacts"


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How long results are kept, in seconds: runs, their samples, rollups by hour and by day, artifacts.

    Attributes:
        other_samples_s: Samples of metrics that are not judged, which are all except durations.
        passed_artifacts_s: Artifacts of passed runs.
        last_good_s: Trace, HAR and picture of the newest passed run of each check, place and release; 0 for none.
        evidence_s: Artifacts of all other runs.
        errors_s: Sampled events of issues, and their counts by hour.
        source_maps_s: Source maps that no error needed.
        replays_s: Replays of sessions.
    """

    runs_s: float = 395 * _DAY_S
    samples_s: float = 35 * _DAY_S
    hours_s: float = 395 * _DAY_S
    days_s: float = 1830 * _DAY_S
    other_samples_s: float = 14 * _DAY_S
    passed_artifacts_s: float = _DAY_S
    last_good_s: float = 30 * _DAY_S
    evidence_s: float = 30 * _DAY_S
    errors_s: float = 90 * _DAY_S
    source_maps_s: float = 90 * _DAY_S
    replays_s: float = 14 * _DAY_S


@dataclass(frozen=True, slots=True)
class BaselineSettings:
    """How series are judged.

    Attributes:
        months_per_false_alert: The sensitivity: months per false alert of a check.
        direction: "up" alerts on slower runs only, "both" on faster ones too.
        floor_ms: A smaller change of a duration raises no alert, whatever its share.
    """

    months_per_false_alert: float = 5.0
    direction: str = "up"
    floor_ms: float = 5.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What is switched on; what is off uses no resources.

    Attributes:
        telemetry: All of it; `logs`, `traces` and `metrics` are one signal each.
        errors: Taking errors.
        services: The judging of services that traces tell of; `judging` off switches it off too.
        patterns: Following patterns of log records; `judging` off switches it off too.
        real_users: Taking what browsers of users send; it needs `errors`.
        replays: Keeping replays of sessions; it needs `errors`.
        pages: The judging of pages that real users tell of; `judging` off switches it off too.
        forwarding: Sending copies to `[telemetry.forward]`.
        sources: Reading from `[sources]`.
        capacity: Capacity plans, as a command and in reports.
        explanations: Looking up where the time of an incident went, its suspects and its users.
        suspects: Looking up what changed before an incident, and which service it comes from; it needs `explanations`.
        join: Showing on a run the spans and errors of its traces.
        related: Finding what shares a trace with something, as a command, pages and the API.
        noise: Counting alerts and what was acted on, as a command, in reports and the API.
    """

    journeys: bool = True
    probes: bool = True
    load: bool = True
    injection: bool = True
    judging: bool = True
    alerts: bool = True
    interactive: bool = True
    telemetry: bool = True
    logs: bool = True
    traces: bool = True
    metrics: bool = True
    services: bool = True
    errors: bool = True
    forwarding: bool = True
    patterns: bool = True
    real_users: bool = True
    replays: bool = True
    pages: bool = True
    sources: bool = True
    capacity: bool = True
    explanations: bool = True
    suspects: bool = True
    join: bool = True
    related: bool = True
    noise: bool = True

    def require(self, name: str, what: str) -> None:
        """Refuse what a switch is off for.

        Raises:
            UsageError: switched-off.
        """
        if not getattr(self, name):
            raise switched_off(name, what)


def switched_off(name: str, what: str) -> UsageError:
    """Return the refusal of what a switch is off for, in the file or beside it."""
    fix = f"set {name} = true below [capabilities]"
    return UsageError(f"{what} is switched off", slug="switched-off", fix=fix)


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret's value comes from: an environment variable or a file, exactly one of them."""

    name: str
    place: Place
    env: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """A sign-in that is done once: `fixture` renews the stored browser state after `lifetime_s`."""

    name: str
    fixture: str
    lifetime_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder of checks and everything that its files say.

    Attributes:
        root: Absolute.
        timezone: IANA name; seasons and schedules follow it.
        locale: Whose forms numbers and dates of reports and mails have, of `LOCALES`.
        include: Globs of files that runs need although git ignores them.
        exclude: Globs of files that runs do not need.
        env: Plain environment of the checks.
        aliases: Old check id to new; free of loops.
        schedule: In the order of the file; later rules win.
        status_page: The public one; None without one.
        otel: Where runs are sent to.
        locations: How workers in other places are reached.
        telemetry: None without a section `[telemetry]`: none is taken. `errors` likewise.
        sources: Where telemetry is kept elsewhere, in the order of the file.
    """

    root: Path
    name: str
    timezone: str = "UTC"
    locale: str = "en"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    defaults: Policy = field(default_factory=Policy)
    journeys: JourneySettings = field(default_factory=JourneySettings)
    probes: ProbeSettings = field(default_factory=ProbeSettings)
    load: LoadSettings = field(default_factory=LoadSettings)
    browser: BrowserSettings = field(default_factory=BrowserSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    sessions: Mapping[str, SessionSettings] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    baselines: BaselineSettings = field(default_factory=BaselineSettings)
    capabilities: Capabilities = field(default_factory=Capabilities)
    schedule: tuple[Rule, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    service: ServiceSettings = field(default_factory=ServiceSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    status_page: StatusPageSettings | None = None
    otel: OtelSettings = field(default_factory=OtelSettings)
    locations: LocationSettings = field(default_factory=LocationSettings)
    telemetry: TelemetrySettings | None = None
    errors: ErrorSettings | None = None
    sources: tuple[SourceSettings, ...] = ()

    @property
    def state(self) -> Path:
        """The folder that Outrider itself writes to."""
        return self.root / STATE_FOLDER

    @property
    def store_url(self) -> str:
        """The database as an absolute SQLAlchemy URL, its variables as they are written; see `store_address`."""
        url = self.store.url
        if "://" not in url:
            return f"sqlite:///{self.root / expanded(url)}"
        kind, path = url.split("://", 1)
        if kind.startswith("sqlite") and path.startswith("/") and path[1:2] not in {"", "/", ":"}:
            return f"{kind}:///{self.root / path[1:]}"
        return url

    @property
    def artifacts_url(self) -> str:
        """The folder of artifacts: an absolute path, or the URL that was written."""
        place = self.store.artifacts
        return place if "://" in place else str(self.root / expanded(place))

    def current(self, check_id: str) -> CheckId:
        """Return the present id of `check_id`, following the aliases."""
        while check_id in self.aliases:
            check_id = self.aliases[check_id]
        return CheckId(check_id)
