"""The store: one database and one artifact folder, opened together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from outrider.store.alerting import (
    add_notification,
    knows_notification,
    read_acknowledgements,
    read_caught_up,
    read_heard,
    read_incidents,
    read_notifications,
    read_reported,
    read_silences,
    read_state,
    read_times,
    write_acknowledgement,
    write_caught_up,
    write_changes,
    write_heard,
    write_notification,
    write_reported,
    write_silence,
)
from outrider.store.artifacts import ArtifactFolder, open_folder
from outrider.store.beats import read_beats
from outrider.store.database import Database, open_database
from outrider.store.judging import read_checkpoints, read_releases, write_checkpoints, write_release
from outrider.store.known_steps import read_known_steps
from outrider.store.past import read_past
from outrider.store.reading import (
    read_checks,
    read_last_runs,
    read_outcomes,
    read_points,
    read_proofs,
    read_runs,
    read_series,
)
from outrider.store.recording import Recorder
from outrider.store.retention import prune
from outrider.store.rollups import read_rollups
from outrider.store.schedule import Schedule
from outrider.store.schema import days, hours
from outrider.store.tallies import read_hosts, read_tallies
from outrider.store.values import Retention
from outrider.store.whole_runs import read_passed_steps, read_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from outrider.model import Check, CheckId, Outcome, Run, Step
    from outrider.store.alert_values import (
        Acknowledgement,
        AlertChanges,
        AlertState,
        Notification,
        Silence,
        Status,
        StoredIncident,
    )
    from outrider.store.values import (
        Beat,
        Beats,
        Checkpoint,
        Points,
        Pruned,
        Release,
        Rollup,
        RunSummary,
        Series,
        StoredCheck,
        StoredProof,
        StoredRun,
        Tally,
    )

_DEFAULT_RETENTION = Retention()


class Store:
    """Runs, samples and artifacts, kept. Every method may be called from any thread and raises `StoreError`.

    After an error nothing of that call is stored, and the store may be used again.

    Attributes:
        schedule: What a scheduler keeps.
    """

    def __init__(self, database: Database, folder: ArtifactFolder) -> None:
        self._database = database
        self._folder = folder
        self._recorder = Recorder(database, folder)
        self.schedule = Schedule(database, self._recorder.write)

    @classmethod
    def open(
        cls,
        url_or_path: str | Path,
        *,
        artifacts: str | Path,
        busy_timeout_s: float = 30.0,
        max_bytes: int | None = None,
    ) -> Self:
        """Open a store, creating it or bringing it up to date where needed.

        Args:
            url_or_path: The database: a file, or a URL as SQLAlchemy writes it.
            artifacts: A folder, or a URL that fsspec understands.
            busy_timeout_s: How long to wait while another process writes.
            max_bytes: Size that the database file may grow to (SQLite only).

        Raises:
            StoreError: store-url, store-newer, store-foreign, store-damaged, store-read-only, store-locked, store-full
                or store-unreachable.
        """
        folder = open_folder(artifacts)
        return cls(open_database(url_or_path, busy_timeout_s=busy_timeout_s, max_bytes=max_bytes), folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def renewed(self) -> bool:
        """Open the database anew if its file was removed or replaced; return whether that was so.

        Raises:
            StoreError: As `open` does.
        """
        was_renewed = self._database.renewed()
        if was_renewed:
            self._recorder.forget()
        return was_renewed

    def copy_to(self, target: Path) -> None:
        """Write one state of the database into a new file while others read and write (SQLite only).

        Raises:
            StoreError: store-url if the database is no SQLite file.
        """
        self._database.copy_to(target)

    def record(self, run: Run) -> None:
        """Store a finished run with all that belongs to it, in one transaction; the same run twice changes nothing.

        Texts are cut to the limits of `outrider.store.limits`, and what did not fit is named in `StoredRun.omitted`,
        as is a file that could not be taken: it does not cost the run. Durations are kept to the microsecond. Of two
        samples of one series in one attempt the last is kept.

        Raises:
            ValueError: If the run's id is no UUID.
        """
        self._recorder.record_many([run])

    def record_many(self, runs: Sequence[Run]) -> None:
        """Store several finished runs in one transaction, all or none; see `record`."""
        self._recorder.record_many(runs)

    def record_checks(self, checks: Iterable[Check], at_us: int) -> None:
        """Note which checks the workspace has at this time, and where each stands."""
        self._recorder.record_checks(checks, at_us)

    def rename(self, old: CheckId, new: CheckId, at_us: int) -> None:
        """Make `old` an alias of `new`: what is kept of both is read under `new`, and `old` keeps working as a name.

        Doing it again changes nothing; renaming the other way takes it back.
        """
        self._recorder.rename(old, new, at_us)

    def record_proofs(self, proofs: Iterable[StoredProof]) -> None:
        """Store what `outrider prove` found; the same check, time and fault twice changes nothing."""
        self._recorder.record_proofs(proofs)

    def record_beat(self, check: CheckId, beat: Beat) -> None:
        """Keep a call that a heartbeat waits for; an earlier one than is known changes nothing."""
        self._recorder.record_beat(check, beat)

    def beats(self, check: CheckId) -> Beats:
        """Return since when a check is known, and the last call for it."""
        with self._database.reading() as connection:
            return read_beats(connection, check)

    def checks(self) -> tuple[StoredCheck, ...]:
        """Return every check that was ever seen, by id."""
        with self._database.reading() as connection:
            return read_checks(connection)

    def runs(
        self,
        pattern: str = "*",
        *,
        outcome: Outcome | None = None,
        since_us: int | None = None,
        environment: str | None = None,
        location: str | None = None,
        limit: int | None = 100,
    ) -> tuple[RunSummary, ...]:
        """Return a line about each run, the latest due first.

        Args:
            pattern: A check's id or former id; `*` and `?` stand for any characters.
            since_us: Due then or later, microseconds UTC.
            environment: Of this one only.
            location: Of this one only.
            limit: How many at most; None for all.
        """
        with self._database.reading() as connection:
            return read_runs(
                connection,
                pattern=pattern,
                outcome=outcome,
                since_us=since_us,
                environment=environment,
                location=location,
                limit=limit,
            )

    def outcomes(self, check: CheckId, *, environment: str, location: str, limit: int) -> tuple[Outcome, ...]:
        """Return the outcomes of a check's latest runs in one environment and location, the oldest first."""
        with self._database.reading() as connection:
            return read_outcomes(connection, check, environment=environment, location=location, limit=limit)

    def tallies(self, since_us: int, until_us: int) -> tuple[Tally, ...]:
        """Return how many runs with since_us <= due_us < until_us ended how, by check and place.

        Of what was deleted, hours and then UTC days count whole, with the time in which they begin.
        """
        with self._database.reading() as connection:
            return read_tallies(connection, since_us, until_us)

    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that runs were ever measured on, by name."""
        with self._database.reading() as connection:
            return read_hosts(connection)

    def last_runs(self) -> tuple[RunSummary, ...]:
        """Return the latest run of every check that has one, by check id."""
        with self._database.reading() as connection:
            return read_last_runs(connection)

    def passed_steps(self, check: CheckId, environment: str, location: str) -> tuple[Step, ...]:
        """Return the steps that a check's last run that passed in a place was measured by; none without such a run."""
        with self._database.reading() as connection:
            return read_passed_steps(connection, check, environment, location)

    def known_steps(self, until_us: int) -> dict[tuple[CheckId, str, str], tuple[Step, ...]]:
        """Return the steps that the last run which passed at once before then was measured by, by check and place.

        Where retention has deleted those, they are all steps on the first level that the check was ever seen with,
        without their times.
        """
        with self._database.reading() as connection:
            return read_known_steps(connection, until_us)

    def run(self, id_or_prefix: str) -> StoredRun:
        """Return one run whole, by its id or a beginning or an end of it that is unique.

        Raises:
            UsageError: unknown-run, or ambiguous-run with the candidates.
        """
        with self._database.reading() as connection:
            return read_run(connection, id_or_prefix, self._folder)

    def series(self, check: CheckId | None = None) -> tuple[Series, ...]:
        """Return the series of a check (by its id or a former one), or of all checks."""
        with self._database.reading() as connection:
            return read_series(connection, check)

    def samples(
        self,
        series: Series,
        since_us: int | None = None,
        until_us: int | None = None,
        *,
        judged_only: bool = True,
    ) -> Points:
        """Return the points of a series with since_us <= at_us < until_us, ordered by time.

        Args:
            judged_only: Leave out what no judge may see: retries, failed attempts and evidence attempts.
        """
        with self._database.reading() as connection:
            return read_points(connection, series, since_us=since_us, until_us=until_us, judged_only=judged_only)

    def past(self, wanted: Sequence[Series], since_us: int, until_us: int, *, exact_from_us: int) -> tuple[Points, ...]:
        """Return the judged points of each series with since_us <= at_us < until_us, ordered by time.

        Before `exact_from_us`, and wherever samples were deleted, they come from rollups: as many values, each within
        1 %, at the beginning of their hour, or of their UTC day where hours were deleted too.
        """
        with self._database.reading() as connection:
            return read_past(connection, wanted, since_us, until_us, exact_from_us)

    def hours(self, series: Series, since_us: int, until_us: int) -> tuple[Rollup, ...]:
        """Return what a series' judged samples came to in the hours that begin in since_us <= at_us < until_us."""
        with self._database.reading() as connection:
            return read_rollups(connection, hours, series, since_us, until_us)

    def days(self, series: Series, since_us: int, until_us: int) -> tuple[Rollup, ...]:
        """Return likewise what they came to in each day of UTC."""
        with self._database.reading() as connection:
            return read_rollups(connection, days, series, since_us, until_us)

    def proofs(self, check: CheckId | None = None) -> tuple[StoredProof, ...]:
        """Return what `outrider prove` found about a check, or about all, the last time that each was proved."""
        with self._database.reading() as connection:
            return read_proofs(connection, check)

    def record_release(self, release: Release) -> None:
        """Note a deploy; the same name, time and environment again changes only whether it is accepted."""
        self._recorder.write(lambda connection: write_release(connection, release))

    def releases(self, environment: str | None = None) -> tuple[Release, ...]:
        """Return the releases of an environment, or of all, in the order of time."""
        with self._database.reading() as connection:
            return read_releases(connection, environment)

    def record_checkpoints(self, found: Sequence[Checkpoint]) -> None:
        """Keep what the judge knows of series, all or none, in place of what it knew before."""
        self._recorder.write(lambda connection: write_checkpoints(connection, found))

    def checkpoints(self, wanted: Sequence[Series]) -> tuple[Checkpoint, ...]:
        """Return what the judge knows of those series that it has judged."""
        with self._database.reading() as connection:
            return read_checkpoints(connection, wanted)

    def record_alerts(self, changes: AlertChanges) -> None:
        """Write what changed of incidents, and the notifications that tell of it, in one transaction."""
        self._recorder.write(lambda connection: write_changes(connection, changes))

    def alert_state(self, ended_since_us: int) -> AlertState:
        """Return the incidents that last or ended since then, and what is remembered around them."""
        with self._database.reading() as connection:
            return read_state(connection, ended_since_us)

    def incidents(self, *, lasting: bool = False, since_us: int = 0, limit: int = 100) -> tuple[StoredIncident, ...]:
        """Return the incidents that last, or ended since then, the latest first."""
        with self._database.reading() as connection:
            return read_incidents(connection, lasting=lasting, since_us=since_us, limit=limit)

    def record_notification(self, new: Notification) -> None:
        """Put a row into the outbox; the same row twice changes nothing."""
        self._recorder.write(lambda connection: add_notification(connection, new))

    def note_notification(self, changed: Notification) -> None:
        """Note what became of a row of the outbox; what was delivered stays so."""
        self._recorder.write(lambda connection: write_notification(connection, changed))

    def notifications(
        self,
        *,
        receiver: str | None = None,
        status: Status | None = None,
        due_us: int | None = None,
        limit: int = 100,
    ) -> tuple[Notification, ...]:
        """Return rows of the outbox in their order: of one receiver, in one status, due by then."""
        with self._database.reading() as connection:
            return read_notifications(connection, receiver=receiver, status=status, due_us=due_us, limit=limit)

    def has_notification(self, identity: str) -> bool:
        """Return whether a row with this id is in the outbox, whatever became of it."""
        with self._database.reading() as connection:
            return knows_notification(connection, identity)

    def notification_times(self, receiver: str, status: Status, since_us: int) -> tuple[int, ...]:
        """Return when notifications of a receiver reached a status since then, the earliest first."""
        with self._database.reading() as connection:
            return read_times(connection, receiver, status, since_us)

    def record_silence(self, silence: Silence) -> None:
        """Keep a silence, in place of one with the same id; one that ends now is how to end it."""
        self._recorder.write(lambda connection: write_silence(connection, silence))

    def silences(self, until_us: int) -> tuple[Silence, ...]:
        """Return the silences that end later than that."""
        with self._database.reading() as connection:
            return read_silences(connection, until_us)

    def record_acknowledgement(self, said: Acknowledgement) -> None:
        """Note what somebody said of an incident; whoever keeps the incidents hears it within a second or so."""
        self._recorder.write(lambda connection: write_acknowledgement(connection, said))

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Return what was said and not heard yet."""
        with self._database.reading() as connection:
            return read_acknowledgements(connection)

    def record_heard(self, at_us: int) -> None:
        """Note up to when all runs were heard by whoever keeps the incidents."""
        self._recorder.write(lambda connection: write_heard(connection, at_us))

    def heard_us(self) -> int | None:
        """Return up to when all runs were heard; None if never."""
        with self._database.reading() as connection:
            return read_heard(connection)

    def record_caught_up(self, began_us: int, due_us: int) -> None:
        """Note how far runs are caught up that were stored and perhaps not heard; `record_heard` ends it.

        Args:
            began_us: When catching up began; runs that were stored later are not counted.
            due_us: All runs that were due until then are heard.
        """
        self._recorder.write(lambda connection: write_caught_up(connection, began_us, due_us))

    def caught_up(self) -> tuple[int, int] | None:
        """Return what `record_caught_up` noted last; None if nothing is being caught up."""
        with self._database.reading() as connection:
            return read_caught_up(connection)

    def record_report(self, report: str, due_us: int, rows: Sequence[Notification]) -> None:
        """Put a report that was due into the outbox, unless it or a later one of its name was: once, whoever does it.

        Without rows it is noted as sent: the first one of a name is that which is due after this.
        """
        self._recorder.write(lambda connection: write_reported(connection, report, due_us, rows))

    def reported_us(self, report: str) -> int | None:
        """Return when the last report of this name that was put into the outbox was due; None if none was."""
        with self._database.reading() as connection:
            return read_reported(connection, report)

    def prune(self, now_us: int, policy: Retention = _DEFAULT_RETENTION) -> Pruned:
        """Make rollups, then remove what is past its age, keeping no writer waiting; return how much was removed.

        It pauses between them and may take long; it may be stopped at any moment, and run in several processes.
        """
        return prune(self._database, self._folder, now_us, policy)
