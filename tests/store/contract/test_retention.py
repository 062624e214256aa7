"""What is past its age goes, what is not stays, and nothing that is referred to is lost."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from outrider.model import LAST_GOOD_KINDS, ArtifactKind, Circumstances, Outcome, Pruned, Retention, Sample
from outrider.store import Store
from outrider.store.artifact_folder import open_folder
from outrider.store.artifact_names import artifact_name
from outrider.store.database import open_database
from outrider.store.pruner import prune

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from tests.store.conftest import Maker, Place

    from outrider.model import ArtifactStore, Content, FolderEntry, Run

DAY_US = 86_400 * 1_000_000
HOUR_US = 3_600 * 1_000_000
NOW_US = 2_000_000_000 * 1_000_000


def aged(make: Maker, days: float, outcome: Outcome = Outcome.PASSED, kinds: Iterable[ArtifactKind] = ()) -> Run:
    """Return a run of so many days ago, with a file of its own of each kind."""
    due_us = NOW_US - round(days * DAY_US)
    files = tuple(make.file(f"{make.made}".encode(), name=f"{kind}.bin", kind=kind) for kind in kinds)
    attempt = make.attempt(outcome=Outcome.PASSED, started_us=due_us, artifacts=files)
    return make.run("journey:a", attempt, due_us=due_us, outcome=outcome)


def kinds_kept(store: Store, run: Run) -> set[ArtifactKind]:
    return {artifact.kind for artifact in store.runs.get(run.id).artifacts}


@pytest.mark.parametrize(
    ("outcome", "days", "kept"),
    [
        (Outcome.PASSED, 0.9, {ArtifactKind.TRACE, ArtifactKind.HAR}),
        (Outcome.PASSED, 1.1, set()),
        (Outcome.PASSED_ON_RETRY, 29, set(ArtifactKind)),
        (Outcome.FAILED, 29, set(ArtifactKind)),
        (Outcome.FAILED, 31, set()),
        (Outcome.SETUP_ERROR, 29, set(ArtifactKind)),
    ],
)
def test_evidence_is_kept_by_outcome_kind_and_age(
    store: Store, make: Maker, outcome: Outcome, days: float, kept: set[ArtifactKind]
) -> None:
    """A run that passed at once keeps trace and HAR for a day, if another passed later; others a month."""
    run, last = aged(make, days, outcome, ArtifactKind), aged(make, 0.1, kinds=LAST_GOOD_KINDS)
    store.runs.record_many([run, last])

    pruned = store.prune(NOW_US)

    assert kinds_kept(store, run) == kept
    assert pruned.artifacts == pruned.files == len(ArtifactKind) - len(kept)
    assert all(artifact.path is not None and artifact.path.exists() for artifact in store.runs.get(run.id).artifacts)


def release_run(make: Maker, days: float, release: str, kinds: Iterable[ArtifactKind] = LAST_GOOD_KINDS) -> Run:
    """Return a passed run of a release."""
    return replace(aged(make, days, kinds=kinds), circumstances=Circumstances(release=release))


def test_the_newest_passed_run_of_each_release_keeps_what_failures_are_compared_with(store: Store, make: Maker) -> None:
    """Trace, HAR and picture, each the newest of its kind, for a month; the newest of all while its run stays."""
    old, first, second = release_run(make, 35, "1.0"), release_run(make, 20, "1.1"), release_run(make, 19, "1.1")
    trace_only = release_run(make, 18, "1.1", [ArtifactKind.TRACE])
    elsewhere = replace(release_run(make, 40, "1.0"), location="oslo")
    failed = aged(make, 2, Outcome.FAILED, [ArtifactKind.TRACE])
    store.runs.record_many([old, first, second, trace_only, elsewhere, failed])

    store.prune(NOW_US)
    month_later = {run.id: kinds_kept(store, run) for run in (old, first, second, trace_only, elsewhere)}
    store.prune(NOW_US + 300 * DAY_US)

    assert month_later == {
        old.id: set(), first.id: set(), second.id: {ArtifactKind.HAR, ArtifactKind.SCREENSHOT},
        trace_only.id: {ArtifactKind.TRACE}, elsewhere.id: set(LAST_GOOD_KINDS),
    }  # fmt: skip
    assert kinds_kept(store, second) == {ArtifactKind.HAR, ArtifactKind.SCREENSHOT}
    assert kinds_kept(store, trace_only) == {ArtifactKind.TRACE}


def test_nothing_is_kept_for_comparison_where_that_is_switched_off(store: Store, make: Maker) -> None:
    """`last_good = "0s"`: a passed run keeps trace and HAR for a day, and no picture."""
    run = aged(make, 1.1, kinds=ArtifactKind)
    store.runs.record(run)

    store.prune(NOW_US, Retention(last_good_s=0))

    assert kinds_kept(store, run) == set()


def test_the_last_good_run_is_the_newest_that_passed_at_once(store: Store, make: Maker) -> None:
    """In that place, before that time, and with an artifact of the kind that is wanted."""
    pictured, plain, late = (
        aged(make, 3, kinds=[ArtifactKind.SCREENSHOT]), aged(make, 2), aged(make, 1),
    )  # fmt: skip
    retried = aged(make, 1.5, Outcome.PASSED_ON_RETRY)
    store.runs.record_many([pictured, plain, late, retried, replace(aged(make, 1.2), location="oslo")])
    last_good = partial(store.runs.last_good, plain.check, environment="production", location="local")

    newest = last_good(until_us=late.due_us)
    with_picture = last_good(until_us=late.due_us, kind=ArtifactKind.SCREENSHOT)
    nowhere = store.runs.last_good(plain.check, environment="staging", location="local", until_us=NOW_US)

    assert newest is not None
    assert with_picture is not None
    assert (newest.id, with_picture.id, nowhere) == (plain.id, pictured.id, None)


def test_content_that_two_runs_share_stays_while_one_refers_to_it(store: Store, make: Maker) -> None:
    """It goes with the last of them."""
    old, young = (
        replace(run, attempts=(make.attempt(artifacts=(make.file(b"same"),)),))
        for run in (aged(make, 31, Outcome.FAILED), aged(make, 1, Outcome.FAILED))
    )
    store.runs.record_many([old, young])

    first = store.prune(NOW_US)
    second = store.prune(NOW_US + 30 * DAY_US)

    assert (first.artifacts, first.files, first.file_bytes) == (1, 0, 0)
    assert (second.artifacts, second.files, second.file_bytes) == (1, 1, 4)


def test_details_of_passed_runs_go_after_five_weeks(store: Store, make: Maker) -> None:
    """The run stays, and one that did not pass keeps its steps."""
    passed, failed, young = aged(make, 36), aged(make, 36, Outcome.FAILED), aged(make, 13)
    store.runs.record_many([passed, failed, young])

    pruned = store.prune(NOW_US)

    assert (pruned.samples, pruned.steps, pruned.runs) == (4, 1, 0)
    assert store.runs.get(passed.id).run == replace(passed, attempts=())
    assert store.runs.get(failed.id).run.attempts[0].measurement.steps == failed.attempts[0].measurement.steps
    assert store.runs.get(young.id).run == young
    assert [store.series.samples(series).at_us.tolist() for series in store.series.of()] == [[young.due_us]] * 2


def test_an_attempt_with_more_to_tell_outlives_its_steps(store: Store, make: Maker) -> None:
    """Such as an artifact that is kept for longer."""
    run = aged(make, 36, kinds=[ArtifactKind.TRACE])
    store.runs.record(run)

    store.prune(NOW_US, Retention(passed_artifacts_s=40 * 86_400, artifacts_s=40 * 86_400))

    assert kinds_kept(store, run) == {ArtifactKind.TRACE}
    assert [attempt.measurement.steps for attempt in store.runs.get(run.id).run.attempts] == [()]


def test_samples_that_nobody_judges_go_after_two_weeks(store: Store, make: Maker) -> None:
    """What they came to stays, also when a run of that time comes late, and so does its duration."""
    due_us = NOW_US // HOUR_US * HOUR_US - 20 * DAY_US
    early, late = (
        make.run(
            "journey:a",
            make.attempt(
                started_us=due_us + n, samples=(Sample("", "duration_ms", 100.0 + n), Sample("", "lcp_ms", 5.0 + n))
            ),
            due_us=due_us + n,
        )
        for n in range(2)
    )
    store.runs.record(early)
    store.prune(NOW_US)
    store.runs.record(late)

    store.prune(NOW_US)

    duration, other = store.series.of()
    assert (duration.metric, other.metric) == ("duration_ms", "lcp_ms")
    assert [len(store.series.samples(item).value) for item in (duration, other)] == [2, 0]
    assert [item.sum for item in store.rollups.hours(duration, 0, NOW_US)] == [201.0]
    assert [item.sum for item in store.rollups.hours(other, 0, NOW_US)] == [11.0]
    for exact_from_us in (0, NOW_US):
        past = store.series.past([other, duration], 0, NOW_US, exact_from_us=exact_from_us)
        assert [len(points.value) for points in past] == [2, 2]
    assert store.series.past([duration], 0, NOW_US, exact_from_us=0)[0].value.tolist() == [100.0, 101.0]


def test_runs_go_after_thirteen_months_with_all_that_is_theirs(place: Place, store: Store, make: Maker) -> None:
    """No row of them is left behind."""
    old, young = aged(make, 397, Outcome.FAILED, [ArtifactKind.TRACE]), aged(make, 395, Outcome.FAILED)
    store.runs.record_many([old, young])

    pruned = store.prune(NOW_US)

    assert pruned.runs == 1
    assert [line.id for line in store.runs.search()] == [young.id]
    tables = ("attempts", "attempt_steps", "errors", "samples", "attempt_artifacts", "artifacts")
    assert place.rows(*tables) == {table: 1 if table in {"attempts", "attempt_steps"} else 0 for table in tables}


def test_pruning_twice_removes_nothing_more(store: Store, make: Maker) -> None:
    """And a recorder that remembers keys goes on as before."""
    store.runs.record_many([aged(make, days, kinds=[ArtifactKind.TRACE]) for days in (500, 40, 2)])
    store.prune(NOW_US)

    again = store.prune(NOW_US)

    assert again == Pruned()
    run = aged(make, 0)
    store.runs.record(run)
    assert store.runs.get(run.id).run == run


@pytest.mark.parametrize(("age_days", "steps"), [(400, 1), (1900, 0)])
def test_keys_that_only_forgotten_runs_used_are_forgotten(
    place: Place, store: Store, make: Maker, age_days: int, steps: int
) -> None:
    """Sets of attributes go with their runs; spellings of steps stay as long as rollups are told by them."""
    old = aged(make, age_days)
    reported = replace(old.attempts[0].measurement, attributes={"browser": "netscape"})
    store.runs.record(replace(old, attempts=(replace(old.attempts[0], measurement=reported),)))

    store.prune(NOW_US)

    assert place.rows("steps", "attribute_sets") == {"steps": steps, "attribute_sets": 0}
    store.runs.record(aged(make, 0))


def test_files_that_no_row_speaks_of_go_after_an_hour(place: Place, store: Store, make: Maker) -> None:
    """A younger one may belong to a run that is being recorded just now."""
    folder = open_folder(place.artifacts)
    old, young = (folder.take(make.file(content).path) for content in (b"old", b"young"))
    half = place.artifacts / "incoming" / "half"
    half.write_bytes(b"half")
    for path in (folder.place(old.digest)[1], half):
        assert path is not None
        os.utime(path, (1, 1))
    now_us = time.time_ns() // 1000

    pruned = store.prune(now_us)

    assert (pruned.files, pruned.file_bytes) == (2, 7)
    assert [file.digest for file in folder.files()] == [young.digest]


def test_a_file_that_is_taken_again_is_young_again(place: Place, store: Store, make: Maker) -> None:
    """So that it is not collected between taking and committing."""
    folder = open_folder(place.artifacts)
    path = folder.place(folder.take(make.file(b"same").path).digest)[1]
    assert path is not None
    os.utime(path, (1, 1))

    folder.take(make.file(b"same").path)

    assert store.prune(time.time_ns() // 1000).files == 0


class CollectedAtOnce:
    """An artifact folder from which a collector removes the first file as soon as it was taken."""

    local = True

    def __init__(self, folder: ArtifactStore) -> None:
        self.folder = folder
        self.where = folder.where
        self.taken = 0

    def take(self, source: Path) -> Content:
        content = self.folder.take(source)
        self.taken += 1
        if self.taken == 1:
            self.folder.remove([artifact_name(content.digest)])
        return content

    def holds(self, digest: str) -> bool:
        return self.folder.holds(digest)

    def open(self, digest: str) -> BinaryIO:
        return self.folder.open(digest)

    def place(self, digest: str) -> tuple[str, Path | None]:
        return self.folder.place(digest)

    def files(self) -> Iterator[FolderEntry]:
        return self.folder.files()

    def remove(self, names: Iterable[str]) -> None:
        self.folder.remove(names)

    def check(self) -> int:
        return self.folder.check()


def test_a_file_collected_before_its_run_was_committed_is_taken_again(place: Place, make: Maker) -> None:
    """A reference never points at nothing."""
    run = aged(make, 0, Outcome.FAILED, [ArtifactKind.TRACE])
    folder = CollectedAtOnce(open_folder(place.artifacts))

    with Store(open_database(place.url), folder) as store:
        store.runs.record(run)

        assert folder.taken == 2
        assert all(folder.holds(artifact.digest) for artifact in store.runs.get(run.id).artifacts)


@pytest.mark.slow
def test_work_is_cut_into_transactions_with_pauses_between_them(place: Place, store: Store, make: Maker) -> None:
    """A writer that waits gets its turn."""
    samples = tuple(Sample("", f"metric_{number}", 1.0) for number in range(100))
    old = [aged(make, 40) for _ in range(120)]
    store.runs.record_many([replace(run, attempts=(make.attempt(samples=samples),)) for run in old])
    pauses: list[float] = []
    database = open_database(place.url)

    pruned = prune(database, open_folder(place.artifacts), NOW_US, Retention(), pause=pauses.append)
    database.close()

    assert pruned.samples == 12_000
    assert len(pauses) > 6 + 2
    assert all(seconds > 0 for seconds in pauses)


def test_the_size_says_what_pruning_frees(store: Store, make: Maker) -> None:
    """Within an hour, a day and a week; counting changes nothing."""
    files = (make.file(b"x" * 5_000),)
    run = make.run("journey:a", make.attempt(artifacts=files), due_us=NOW_US)
    store.runs.record(run)

    early, late = store.size(NOW_US), store.size(NOW_US + DAY_US - 60_000_000)

    assert (early.runs, early.files, early.file_bytes, early.oldest_us) == (1, 1, 5_000, NOW_US)
    assert early.database_bytes > 10_000
    assert len(early.freed) == 3
    assert [part.runs for part in late.freed] == [0, 0, 0]
    assert [part.runs for part in store.size(NOW_US + 396 * DAY_US - 1_000_000).freed] == [1, 1, 1]
    assert store.runs.get(run.id).artifacts
