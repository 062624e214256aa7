"""One beacon of a user's browser, from its bytes to the spool: authorised, within limits, scrubbed; no HTTP.

A line of the spool is a page view. Its errors go the way of all errors (`ErrorIntake`).
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from outrider.model import KeyPurpose
from outrider.real_users import (
    BadBeacon,
    OpenViews,
    ReceivedBeacon,
    faro_vitals,
    read_beacon,
    read_web_vitals,
    span_vitals,
)
from outrider.telemetry.error_intake import RefusedErrors
from outrider.telemetry.minute_counts import MinuteCounts
from outrider.telemetry.spool import SpoolFull

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrider.model import ErrorProject, ProjectKey
    from outrider.real_users import Beacon, VitalReport
    from outrider.telemetry.error_intake import ErrorIntake, ErrorRequestHead, KnownKeys
    from outrider.telemetry.limits import Tally
    from outrider.telemetry.spool import Spool

VIEWS: Final = "views"
MOST_BEACON_BYTES: Final = 65_536
MOST_FARO_BYTES: Final = 1 << 20
_DAY_S: Final = 86_400
_FULL_S: Final = 30
_ACCEPTED, _TAKEN = 202, 204


@dataclass(frozen=True, slots=True)
class BeaconHead:
    """What is known of a beacon beside its body.

    Attributes:
        request: Project, key, origin and address.
        agent: The `User-Agent`.
        country: By the word of a trusted proxy; "" if nobody says.
    """

    request: ErrorRequestHead
    agent: str = ""
    country: str = ""


class BeaconIntake:
    """Takes beacons; safe between threads.

    Args:
        spool: Of page views.
        keys: Which there are.
        errors: Takes the errors of pages.
        scrub: Returns a text without secrets and personal data, of at most so many characters.
        tally: Counts what is taken and refused.
        key: Of the workspace.
        query: Names of parameters that stay in addresses of pages.
        is_on: Whether beacons are taken at all; and `keeps_views`, whether something can keep page views.
        room: Raises `SpoolFull` while the disk is nearly full.
        now_s: Seconds since 1970.
    """

    def __init__(
        self,
        spool: Spool,
        keys: KnownKeys,
        errors: ErrorIntake,
        scrub: Callable[[str, int], str],
        tally: Tally,
        *,
        key: bytes,
        query: tuple[str, ...] = (),
        is_on: Callable[[], bool] = lambda: True,
        keeps_views: Callable[[], bool] = lambda: True,
        room: Callable[[], None] = lambda: None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._keys = keys
        self._errors = errors
        self._scrub = scrub
        self._tally = tally
        self._key = key
        self._query = query
        self._is_on = is_on
        self._keeps_views = keeps_views
        self._room = room
        self._now_s = now_s
        self._open = OpenViews()
        self._spent = MinuteCounts(now_s)

    def is_quick(self, head: BeaconHead, size: int) -> bool:
        """Return whether a body of so many bytes is kept in a moment, so that a thread for it would cost more."""
        return size <= MOST_BEACON_BYTES and self._keys.remembers(head.request.key)

    def take(self, head: BeaconHead, data: bytes) -> int:
        """Keep a page view and its errors; what a browser that declines sends is dropped.

        Returns:
            The status of the answer.

        Raises:
            RefusedErrors: If it is not kept.
        """
        project = self.admit(head)
        if project is None:
            return _TAKEN
        beacon = self._keep_view(head, project, data)
        if beacon.view.origin and beacon.errors:
            self._tally.add("errors of robots left out", len(beacon.errors))  # journeys tell of theirs themselves
            return _TAKEN
        for document in beacon.errors:
            self._take_error(head.request, document)
        return _TAKEN

    def take_vitals(self, head: BeaconHead, data: bytes) -> int:
        """Keep what Google's web-vitals tells, as `take` does."""
        project = self.admit(head)
        if project is not None:
            try:
                reports = read_web_vitals(data)
            except BadBeacon as problem:
                raise self._refused("not readable", str(problem), 400) from None
            for report in reports:
                self._keep_report(head, project, report)
        return _TAKEN

    def take_faro(self, head: BeaconHead, data: bytes) -> int:
        """Keep what Grafana's Faro tells: exceptions, logs and traces, and vitals as far as beacons are taken."""
        report = faro_vitals(self._errors.take_faro(head.request, data))
        if report is not None and self._is_on():
            with suppress(RefusedErrors):  # counted; what else came along is kept
                if project := self.admit(head):
                    self._keep_report(head, project, report)
        return _ACCEPTED

    def _keep_report(self, head: BeaconHead, project: ErrorProject, report: VitalReport) -> None:
        client = f"{project.id} {head.request.address} {head.agent}"
        self._keep_view(head, project, self._open.beacon(report, client))

    def _keep_view(self, head: BeaconHead, project: ErrorProject, data: bytes) -> Beacon:
        request = head.request
        received = ReceivedBeacon(
            project.id, project.service, project.environment, round(self._now_s() * 1e6), request.address, head.agent,
            self._key, head.country, self._query,
        )  # fmt: skip
        try:
            beacon = read_beacon(data, received, self._scrub)
        except BadBeacon as problem:
            raise self._refused("not readable", f"no beacon: {problem}", 400) from None
        if _origin_of(beacon.view.url) != request.origin:
            raise self._refused("page of another origin", "the page is of another origin than who sends", 403)
        self._spend_day(project)
        if self._keeps_views():
            self._keep(json.dumps(beacon.view, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        else:
            self._tally.add("page views not kept, no telemetry")
        return beacon

    def take_spans(self, request: ErrorRequestHead, document: Mapping[str, Any]) -> None:
        """Keep the vitals that spans of Sentry's client for browsers tell, as far as beacons are taken."""
        for report in span_vitals(document):
            known = self._open.placed(report)
            if known is not None and self._is_on():
                head = BeaconHead(request, known.agent)
                with suppress(RefusedErrors):  # counted; the spans are kept
                    if project := self.admit(head):
                        self._keep_report(head, project, known)

    def admit(self, head: BeaconHead) -> ErrorProject | None:
        """Count what a page sends against the limits of its key; return its project, None if the browser declines.

        Raises:
            RefusedErrors: If it may not send.
        """
        if not self._is_on():
            raise self._refused("switched off", "beacons are switched off: [capabilities] real_users", 403)
        project, key = self._authorised(head)
        if head.request.is_declined:
            self._tally.add("beacons dropped, browser declines")
            return None
        self._spend(head, key)
        return project

    def _take_error(self, request: ErrorRequestHead, document: object) -> None:
        """Hand an error on; what is refused there is counted there, and the view stays."""
        try:
            self._errors.take_event(request, json.dumps(document).encode())
        except RefusedErrors:
            self._tally.add("errors of pages refused")

    def _authorised(self, head: BeaconHead) -> tuple[ErrorProject, ProjectKey]:
        request = head.request
        known = self._keys.find(request.key) if request.key else None
        if known is None or known[0].id != request.project:
            status = 403 if request.key else 401
            raise self._refused("no valid key", "the key is missing, not valid, or of another project", status)
        if known[1].purpose is not KeyPurpose.BROWSER or not request.origin or not known[1].allows(request.origin):
            raise self._refused("origin not allowed", "pages of this origin may not send with this key", 403)
        return known

    def _spend(self, head: BeaconHead, key: ProjectKey) -> None:
        limits = self._spent.limits(key, head.request.address)
        if (reached := self._spent.reached(limits)) is not None:
            why = f"more than {reached.most:,} beacons a minute"
            raise self._refused("limit of the minute", why, 429, self._spent.left_s())
        self._spent.add(limits)

    def _spend_day(self, project: ErrorProject) -> None:
        counted = f"project {project.id} beacons"
        if self._tally.add(counted) > project.beacons_per_day:
            self._tally.add(counted, -1)
            self._tally.add(f"{counted} beyond the limit of the day")
            left_s = int(_DAY_S - self._now_s() % _DAY_S) + 1
            raise self._refused("limit of the day", f"more than {project.beacons_per_day:,} beacons today", 429, left_s)

    def _keep(self, line: bytes) -> None:
        try:
            self._room()
            self._spool.append(VIEWS, line)
        except SpoolFull as full:
            raise self._refused("no room", str(full), 429, _FULL_S) from None
        self._tally.add("page views taken")

    def _refused(self, reason: str, why: str, status: int, retry_s: int = 0) -> RefusedErrors:
        self._tally.add(f"beacons refused, {reason}")
        return RefusedErrors(why, status, retry_s)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
