"""Search over everything that has a page: checks, runs, incidents, releases, and the pages themselves."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from outrider.alerts import headline
from outrider.dashboard.incident_view import incidents_named, opened_incidents
from outrider.dashboard.overview import check_statuses
from outrider.dashboard.page_addresses import check_path, incident_path, run_path
from outrider.dashboard.page_templates import SECTIONS, TELEMETRY_SECTIONS, short
from outrider.dashboard.reader_clock import ReaderClock
from outrider.model import Role, printable, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrider.alerts import Incident
    from outrider.dashboard.overview import CheckStatus
    from outrider.dashboard.sources import Sources
    from outrider.model import Check, CheckId, Release, RunSummary

USUAL_HITS = 20
_PER_KIND = 8
_RUNS_OF_CHECKS = 2
_LEAST_DIGITS = 4
_LAST_RANK = 5
_MOST_LASTING = 50
_MOST_INCIDENTS = 200
_PAGES = (
    *((path, name, Role.VIEWER) for path, name in SECTIONS),
    ("/?wall=1", "Wall", Role.VIEWER),
    ("/incidents?state=open", "Open incidents", Role.VIEWER),
    ("/?state=attention", "Checks that need attention", Role.VIEWER),
    ("/without-data", "Checks without data", Role.VIEWER),
    ("/what-would-happen", "What would happen", Role.VIEWER),
    ("/annotations", "Annotations", Role.VIEWER),
    ("/status-page", "Public status page", Role.VIEWER),
    ("/account", "Account", Role.VIEWER),
    ("/audit", "Audit log", Role.OPERATOR),
    ("/settings", "Settings", Role.OPERATOR),
    ("/tokens", "Tokens", Role.ADMIN),
)
"""Path, name, and who may see it."""

_TELEMETRY_PAGES = (*TELEMETRY_SECTIONS, ("/sessions", "Sessions"))


@dataclass(frozen=True, slots=True)
class SearchHit:
    """Something that has a page.

    Attributes:
        kind: "check", "run", "incident", "release" or "page".
        detail: Tells it from others of the same title: an id, a time, a place.
        state: How it does, in a word or two; empty where that means nothing.
        needs_attention: Whether somebody has to look at it.
        path: Of its page, below the base path.
    """

    kind: str
    title: str
    detail: str
    state: str
    needs_attention: bool
    path: str


@dataclass(frozen=True, slots=True)
class SearchBody:
    """What a text finds, the best match first; `is_complete` is false where more fits than is listed."""

    items: tuple[SearchHit, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class _KnownCheck:
    """A check with the texts that name it; one that the workspace no longer has is None."""

    id: CheckId
    title: str
    texts: tuple[str, ...]
    check: Check | None


@dataclass(frozen=True, slots=True)
class _CheckLine:
    """A check as it is listed, and its latest run."""

    hit: SearchHit
    latest: RunSummary | None


def search_everything(sources: Sources, text: str, *, role: Role = Role.VIEWER, limit: int = USUAL_HITS) -> SearchBody:
    """Return what a text finds.

    Every word has to occur, in any order and in any letters. At most eight of a kind are listed. Without a word, open
    incidents and the pages are.

    Args:
        sources: What is searched.
        text: Words of titles, ids, tags and labels; of a run, the beginning or the end of its id.
        role: Of who asks: pages that they may not see are left out.
        limit: How many at most.
    """
    words = normalized(text).split()
    clock = ReaderClock(sources.service().timezone, sources.now_us())
    incidents = _known_incidents(sources, text.strip())
    lines, more_checks = _check_lines(sources, words, incidents)
    incident_hits, more_incidents = _incident_hits(incidents, words, clock)
    release_hits, more_releases = _release_hits(sources, words, clock)
    ranked = [
        *((rank, line.hit) for rank, line in lines),
        *incident_hits,
        *_run_hits(sources, text, [line.latest for _, line in lines[:_RUNS_OF_CHECKS]], clock),
        *release_hits,
        *_page_hits(words, role, has_telemetry=sources.telemetry.is_on),
    ]
    ranked.sort(key=lambda entry: entry[0])
    is_complete = len(ranked) <= limit and not (more_checks or more_incidents or more_releases)
    return SearchBody(tuple(hit for _, hit in ranked[:limit]), is_complete)


def normalized(text: str) -> str:
    """Return a text as it is compared: one form of each letter, none of them a capital."""
    return unicodedata.normalize("NFKC", text).casefold()


def match_rank(words: Sequence[str], title: str, *more: str) -> int | None:
    """Return how well words fit, 0 the best; None if a word occurs nowhere.

    The whole title is 0, its beginning 1, beginnings of its words 2, anything within it 3, other texts 4.
    """
    name = normalized(title)
    if not words or name == " ".join(words):
        return 0
    everything = " ".join((name, *map(normalized, more)))
    if not all(word in everything for word in words):
        return None
    if name.startswith(" ".join(words)):
        return 1
    if all(word in name for word in words):
        return 2 if all(f" {word}" in f" {name}" for word in words) else 3
    return 4


def _page_hits(words: Sequence[str], role: Role, *, has_telemetry: bool) -> Iterator[tuple[int, SearchHit]]:
    telemetry = ((path, name, Role.VIEWER) for path, name in _TELEMETRY_PAGES) if has_telemetry else ()
    for path, name, least in (*_PAGES, *telemetry):
        rank = match_rank(words, name, path) if role.covers(least) else None
        if rank is not None:
            yield rank, SearchHit("page", name, "", "", needs_attention=False, path=path)


def _check_lines(
    sources: Sources, words: Sequence[str], incidents: Sequence[Incident]
) -> tuple[list[tuple[int, _CheckLine]], bool]:
    """Return the checks that fit best with what they did last, and whether further ones fit."""
    if not words:
        return [], False
    ranked = []
    for known in _known_checks(sources):
        rank = match_rank(words, known.title, *known.texts)
        if rank is not None:
            ranked.append((rank, known))
    ranked.sort(key=lambda entry: (entry[0], entry[1].check is None, entry[1].title))
    best = ranked[:_PER_KIND]
    enabled = [known.check for _, known in best if known.check and known.check.policy.enabled]
    lasting = [incident for incident in incidents if incident.phase.lasts]
    statuses = check_statuses(sources, enabled, sources.service(), lasting, sources.now_us())
    by_id = {status.check.id: status for status in statuses}
    return [(rank, _check_line(known, by_id.get(known.id))) for rank, known in best], len(ranked) > len(best)


def _known_checks(sources: Sources) -> Iterator[_KnownCheck]:
    """Yield the checks of the workspace, and those that only the store still knows."""
    stored = {check.id: check for check in sources.store.checks.all()}
    for check in sources.checks() or ():
        former = stored.pop(check.id).aliases if check.id in stored else ()
        labels = (f"{name}={value}" for name, value in check.policy.labels.items())
        texts = (check.id, *former, *check.policy.tags, *labels)
        yield _KnownCheck(check.id, printable(check.title), tuple(map(printable, texts)), check)
    for old in stored.values():
        yield _KnownCheck(old.id, printable(title_of(old.id)), tuple(map(printable, (old.id, *old.aliases))), None)


def _check_line(known: _KnownCheck, status: CheckStatus | None) -> _CheckLine:
    state = status.state.value if status else "deleted" if known.check is None else "off"
    hit = SearchHit(
        "check", short(known.title), short(known.id), state,
        needs_attention=bool(status and status.needs_attention), path=check_path(known.id),
    )  # fmt: skip
    return _CheckLine(hit, status.latest if status else None)


def _known_incidents(sources: Sources, text: str) -> tuple[Incident, ...]:
    """Return the incidents that last, and with a text the latest of ninety days and those whose id it is a part of."""
    parts = [opened_incidents(sources, only_lasting=True, before=None, limit=_MOST_LASTING).incidents]
    if text:
        parts.append(opened_incidents(sources, only_lasting=False, before=None, limit=_MOST_INCIDENTS).incidents)
        parts.append(tuple(incidents_named(sources, text)))
    return tuple({incident.id: incident for part in parts for incident in part}.values())


def _incident_hits(
    incidents: Iterable[Incident], words: Sequence[str], clock: ReaderClock
) -> tuple[list[tuple[int, SearchHit]], bool]:
    hits = []
    for incident in incidents:
        labels = (f"{name}={value}" for name, value in incident.labels.items())
        rank = match_rank(words, printable(headline(incident)), incident.id, *incident.checks, *labels)
        if rank is not None:
            hits.append((rank, incident))
    hits.sort(key=lambda entry: (not entry[1].phase.lasts, entry[0], -entry[1].began_us))
    return [(rank, _incident_hit(incident, clock)) for rank, incident in hits[:_PER_KIND]], len(hits) > _PER_KIND


def _incident_hit(incident: Incident, clock: ReaderClock) -> SearchHit:
    return SearchHit(
        "incident", short(headline(incident)), f"since {clock.brief(incident.began_us)}", incident.phase.value,
        needs_attention=incident.phase.lasts and not incident.acknowledged_by, path=incident_path(incident.id),
    )  # fmt: skip


def _release_hits(
    sources: Sources, words: Sequence[str], clock: ReaderClock
) -> tuple[list[tuple[int, SearchHit]], bool]:
    if not words:
        return [], False
    hits = []
    for release in sorted(sources.store.judgements.releases(), key=lambda release: -release.at_us):
        rank = match_rank(words, printable(release.name), printable(release.environment))
        if rank is not None:
            hits.append((rank, release))
    hits.sort(key=lambda entry: entry[0])
    return [(rank, _release_hit(release, clock)) for rank, release in hits[:_PER_KIND]], len(hits) > _PER_KIND


def _release_hit(release: Release, clock: ReaderClock) -> SearchHit:
    path = f"/releases?{urlencode({'q': printable(release.name)})}"
    detail = f"{release.environment}, {clock.brief(release.at_us)}"
    return SearchHit("release", short(release.name), short(detail), "", needs_attention=False, path=path)


def _run_hits(
    sources: Sources, text: str, last: Iterable[RunSummary | None], clock: ReaderClock
) -> Iterator[tuple[int, SearchHit]]:
    """Yield runs whose id the text is a part of, and the last ones of the checks that fit best."""
    name = text.strip()
    named = sources.store.history.runs_named(name, limit=_PER_KIND) if len(name) >= _LEAST_DIGITS else ()
    yield from ((1, _run_hit(run, clock)) for run in named)
    known = {run.id for run in named}
    yield from ((_LAST_RANK, _run_hit(run, clock)) for run in last if run is not None and run.id not in known)


def _run_hit(run: RunSummary, clock: ReaderClock) -> SearchHit:
    detail = f"{run.location}, due {clock.exact(run.due_us)}, {run.id[-8:]}"
    return SearchHit(
        "run", short(title_of(run.check)), short(detail), run.outcome.value,
        needs_attention=not run.outcome.is_good, path=run_path(run.id),
    )  # fmt: skip
