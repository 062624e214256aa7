"""What pages and the API are made from: a store, the loaded checks, and how the service does."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from outrider.dashboard.check_cache import CheckCache
from outrider.dashboard.day_strips import DayStrips
from outrider.dashboard.load_points import LoadPoints
from outrider.dashboard.recent_history import read_last_runs, read_strips
from outrider.dashboard.telemetry_source import TelemetrySource
from outrider.model import Role, UsageError
from outrider.workspace import switched_off

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.alerts import AlertSettings
    from outrider.dashboard.dashboard_file import DashboardShelf
    from outrider.dashboard.recent_history import Strips
    from outrider.dashboard.report_request import ReportShelf
    from outrider.dashboard.setting_control import SettingControl
    from outrider.model import (
        Check,
        CheckId,
        DashboardRecords,
        HostState,
        LabelledSeriesReader,
        RunSummary,
        ServiceView,
        StoreSize,
    )
    from outrider.runs import LevelChange


def _no_series() -> NoReturn:
    fix = 'add [sources.NAME] with kind = "prometheus" to outrider.toml'
    raise UsageError("no source of PromQL is named", slug="unknown-source", fix=fix)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values come from; may be asked by any thread.

    Attributes:
        checks: The checks of the workspace as it is now; None while it is not loaded.
        service: How the service does now; of its checks at least those that are paused.
        service_in_full: How it does, with all of its checks; as `service` if absent.
        now_us: The time, microseconds UTC.
        title: What the workspace is called.
        runbook: Returns the text of a runbook, in Markdown; None if there is none of that name.
        code: Returns a file of a snapshot by hash and path, without secrets; None if it is not kept.
        reports: Builds reports; None while the workspace is not loaded.
        store_size: Returns how much the store holds; None while that is not known.
        host: Returns how busy this host is; None if nobody asks it.
        code_url: Template of the address of a line of code; empty for none.
        settings: Switches and levels that are changed while the service runs; None where no workspace is served.
        alerts: What the workspace says of alerts; None while it is not loaded.
        policy_origins: Returns where each value of a check's policy comes from, by its name.
        coverage_s: The period over which coverage is computed.
        level_changes: Returns the lasting new levels of a check's steps, the latest first.
        telemetry: Reaches the telemetry of the workspace.
        off: Names of capabilities that are switched off: no page asks or shows anything of these.
        series: Returns what answers PromQL; raises an error that says what to do where nothing does.
        replay_role: The role that sees replays, at least.
        personal_role: The role that sees users and requests of error events whole, at least.
        dashboards: Those that the workspace writes; None where no workspace is served.
        last_runs: Each check's last run in each of its places, the worst first.
        strips: Each check's hours and days.
        load_points: Remembers what loads came to.
    """

    store: DashboardRecords
    checks: Callable[[], Sequence[Check] | None]
    service: Callable[[], ServiceView]
    now_us: Callable[[], int]
    title: str = ""
    runbook: Callable[[str], str | None] = lambda _: None
    code: Callable[[str, str], str | None] = lambda _snapshot, _path: None
    policy_origins: Callable[[Check], Mapping[str, str]] = lambda _: {}
    service_in_full: Callable[[], ServiceView] | None = None
    alerts: AlertSettings | None = None
    coverage_s: float = 86_400.0
    reports: ReportShelf | None = None
    store_size: Callable[[], StoreSize | None] = lambda: None
    host: Callable[[], HostState | None] = lambda: None
    code_url: str = ""
    settings: SettingControl | None = None
    level_changes: Callable[[CheckId], Sequence[LevelChange]] = lambda _: ()
    telemetry: TelemetrySource = field(default_factory=TelemetrySource)
    off: frozenset[str] = frozenset()
    dashboards: DashboardShelf | None = None
    series: Callable[[], LabelledSeriesReader] = _no_series
    replay_role: Role = Role.OPERATOR
    personal_role: Role = Role.OPERATOR
    last_runs: CheckCache[tuple[RunSummary, ...]] = field(init=False)
    strips: CheckCache[Strips] = field(init=False)
    load_points: LoadPoints = field(init=False, default_factory=LoadPoints)

    def require(self, name: str, what: str) -> None:
        """Refuse what a switch is off for.

        Raises:
            UsageError: switched-off.
        """
        if name in self.off:
            raise switched_off(name, what)

    def __post_init__(self) -> None:
        history = self.store.history
        days = DayStrips(history)
        object.__setattr__(self, "last_runs", CheckCache(history, partial(read_last_runs, history)))
        object.__setattr__(self, "strips", CheckCache(history, partial(read_strips, self.store, days)))
