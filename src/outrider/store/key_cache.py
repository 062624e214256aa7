"""Integer keys for what recurs: subjects, steps, series, circumstances, sets of attributes.

A recorder asks for the same few hundred keys in every run, so they are remembered between transactions. What changes or
removes keys (a rename, retention) raises the catalogue's generation in the same transaction; a cache of an older
generation is emptied. Every method is called within a writing transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from outrider.model import CHECK_KINDS, StepKind, bounded, identity
from outrider.store.schema import attribute_sets, circumstances, series, steps, store_info, subjects
from outrider.store.text_limits import (
    ATTRIBUTE_CHARACTERS,
    ATTRIBUTES_PER_ATTEMPT,
    FORMS_PER_CHECK,
    SERIES_PER_SUBJECT,
    STEP_MEMORY_US,
    STEPS_PER_CHECK,
    TITLE_CHARACTERS,
    URL_CHARACTERS,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Insert

    from outrider.model import Run, Step, Subject

_GENERATION = "catalogue_generation"
_SEEN_EVERY_US = 86_400 * 1_000_000
_REMEMBERED = 200_000

_SEE_SUBJECT = update(subjects).where(subjects.c.key == bindparam("of")).values(last_seen_us=bindparam("at"))
_SEE_EARLIER = update(subjects).where(subjects.c.key == bindparam("of")).values(first_seen_us=bindparam("at"))
_SEE_STEPS = update(steps).where(steps.c.key == bindparam("of")).values(last_seen_us=bindparam("at"))
_SEE_SET = update(attribute_sets).where(attribute_sets.c.key == bindparam("of")).values(last_seen_us=bindparam("at"))


class Form(NamedTuple):
    """A spelling of a step: its identity within the check, and how it was shown and where it stood at the time."""

    step: str
    kind: StepKind
    title: str
    parent: str
    source: str


class SeriesName(NamedTuple):
    """What tells the series of one subject apart."""

    environment: str
    location: str
    step: str
    metric: str


@dataclass(slots=True)
class _Seen:
    key: int
    last_seen_us: int


@dataclass(slots=True)
class KnownSubject:
    """What is remembered of a subject."""

    key: int
    first_seen_us: int
    last_seen_us: int
    forms: dict[Form, _Seen] = field(default_factory=dict)
    latest: dict[str, int] = field(default_factory=dict)
    series: dict[SeriesName, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return 1 + len(self.forms) + len(self.series)

    def steps_of(self, kind: StepKind, since_us: int) -> set[str]:
        """Return the steps of a kind that were seen since then."""
        return {form.step for form, seen in self.forms.items() if form.kind is kind and seen.last_seen_us >= since_us}


def _highest(connection: Connection) -> tuple[int, ...]:
    """Return the highest key of each table of keys."""
    tables = (subjects, steps, series, circumstances, attribute_sets)
    highest = (select(func.max(table.c.key)).scalar_subquery() for table in tables)
    return tuple(key or 0 for key in connection.execute(select(*highest)).one())


class KeyCache:
    """The keys remembered between the transactions of one recorder."""

    def __init__(self) -> None:
        self._generation = -1
        self._highest: tuple[int, ...] = ()
        self.forget()

    def forget(self) -> None:
        """Forget everything, as is due when a transaction was rolled back: its keys may never have been written."""
        self._ids: dict[Subject, int] = {}
        self._subjects: dict[int, KnownSubject] = {}
        self._circumstances: dict[tuple[str, ...], int] = {}
        self._sets: dict[tuple[tuple[str, str], ...], _Seen] = {}

    def begin(self, connection: Connection) -> None:
        """Forget what another process has changed since, and what has become too much to remember."""
        generation, highest = read_mark(connection, _GENERATION), _highest(connection)
        if any(now < before for now, before in zip(highest, self._highest, strict=False)):
            self.forget()  # the database is one of before, restored: it gives these keys to others
        self._highest = highest
        remembered = sum(map(len, self._subjects.values())) + len(self._circumstances) + len(self._sets)
        if generation != self._generation or remembered > _REMEMBERED:
            self.forget()
            self._generation = generation

    def add_subjects(self, connection: Connection, wanted: Mapping[Subject, int]) -> None:
        """Remember subjects of these ids or aliases, those inserted that are unknown, with the time of each."""
        unknown = {subject: at_us for subject, at_us in wanted.items() if subject not in self._ids}
        if unknown:
            self._ids |= _inserted_subjects(connection, unknown)
        keys = {self._ids[subject] for subject in wanted}
        self._subjects |= _load_subjects(connection, [key for key in keys if key not in self._subjects])

    def subject(self, connection: Connection, subject: Subject, at_us: int) -> KnownSubject:
        """Return the subject of this id or alias, inserted if it is unknown."""
        if self._ids.get(subject) not in self._subjects:
            self.add_subjects(connection, {subject: at_us})
        known = self._subjects[self._ids[subject]]
        if at_us - known.last_seen_us > _SEEN_EVERY_US:
            connection.execute(_SEE_SUBJECT, {"of": known.key, "at": at_us})
            known.last_seen_us = at_us
        if at_us < known.first_seen_us:  # runs come late, or are of a past that is stored afterwards
            connection.execute(_SEE_EARLIER, {"of": known.key, "at": at_us})
            known.first_seen_us = at_us
        return known

    def circumstances(self, connection: Connection, run: Run) -> int:
        """Return the key of where and with what a run was made."""
        attributes = run.circumstances
        texts = (run.environment, run.location, *(getattr(attributes, name) for name in attributes.__slots__))
        values = tuple(map(identity, texts))
        if values not in self._circumstances:
            row = dict(zip(("environment", "location", *attributes.__slots__), values, strict=True))
            known = connection.execute(select(circumstances.c.key).filter_by(**row)).scalar_one_or_none()
            self._circumstances[values] = known or _inserted(connection, insert(circumstances), row)
        return self._circumstances[values]

    def attribute_set(self, connection: Connection, attributes: Mapping[str, str], at_us: int) -> int | None:
        """Return the key of these attributes, cut to the limits; None if there are none."""
        if not attributes:
            return None
        items = tuple(sorted(attributes.items())[:ATTRIBUTES_PER_ATTEMPT])
        known = self._sets.get(items)
        if known is None:
            words = json.dumps({identity(name): bounded(value, ATTRIBUTE_CHARACTERS) for name, value in items})
            digest = sha256(words.encode()).digest()[:16]
            known = self._sets[items] = _load_set(connection, digest, words, at_us)
        if at_us - known.last_seen_us > _SEEN_EVERY_US:
            connection.execute(_SEE_SET, {"of": known.key, "at": at_us})
            known.last_seen_us = at_us
        return known.key

    def add_steps(self, connection: Connection, wanted: Iterable[tuple[KnownSubject, Sequence[Step], int]]) -> None:
        """Insert steps that checks lack and may have, at their times; of each check those that are wanted first."""
        self._insert_steps(connection, [(known, list(map(_form, own)), at_us) for known, own, at_us in wanted])

    def _insert_steps(self, connection: Connection, wanted: Iterable[tuple[KnownSubject, Sequence[Form], int]]) -> None:
        rows: list[dict[str, object]] = []
        lacking: dict[int, KnownSubject] = {}
        for known, forms, at_us in wanted:
            missing = _admissible(known, dict.fromkeys(form for form in forms if form not in known.forms), at_us)
            if missing and known.key not in lacking:
                lacking[known.key] = known
                rows += [{"check_key": known.key, "last_seen_us": at_us, **form._asdict()} for form in missing]
        if rows:
            connection.execute(insert(steps), rows)
            _load_steps(connection, lacking)

    def steps(
        self, connection: Connection, known: KnownSubject, wanted: Sequence[Step], at_us: int
    ) -> list[int | None]:
        """Return a key for each step, None for those beyond what the check may have."""
        forms = [_form(step) for step in wanted]
        if any(form not in known.forms for form in forms):
            self._insert_steps(connection, [(known, forms, at_us)])
        _see_steps(connection, known, forms, at_us)
        return [known.forms[form].key if form in known.forms else known.latest.get(form.step) for form in forms]

    def series(
        self, connection: Connection, known: KnownSubject, wanted: Collection[SeriesName]
    ) -> Mapping[SeriesName, int]:
        """Return the subject's series by name, those wanted among them unless the subject has too many."""
        if any(name not in known.series for name in wanted):
            self.add_series(connection, [(known, wanted)])
        return known.series

    def add_series(self, connection: Connection, wanted: Iterable[tuple[KnownSubject, Iterable[SeriesName]]]) -> None:
        """Insert series that subjects lack and may have; of each subject those that are wanted first."""
        rows: list[dict[str, object]] = []
        lacking: dict[int, KnownSubject] = {}
        for known, names in wanted:
            missing = [name for name in dict.fromkeys(names) if name not in known.series]
            missing = missing[: max(0, SERIES_PER_SUBJECT - len(known.series))]
            if missing and known.key not in lacking:
                lacking[known.key] = known
                rows += [{"subject_key": known.key, **name._asdict()} for name in missing]
        if rows:
            connection.execute(insert(series), rows)
            _load_series(connection, lacking)


def read_mark(connection: Connection, name: str) -> int:
    """Return a number that the store keeps for itself under this name; zero if it keeps none."""
    return connection.execute(select(store_info.c.value).where(store_info.c.name == name)).scalar_one_or_none() or 0


def write_mark(connection: Connection, name: str, value: int) -> None:
    """Keep a number under this name."""
    if not connection.execute(update(store_info).where(store_info.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(store_info), {"name": name, "value": value})


def raise_generation(connection: Connection) -> None:
    """Make every recorder forget the keys that it remembers."""
    write_mark(connection, _GENERATION, read_mark(connection, _GENERATION) + 1)


def subject_key(connection: Connection, subject: Subject) -> int | None:
    """Return the key of a subject by its id or by one that it had before."""
    key = func.coalesce(subjects.c.alias_of, subjects.c.key)
    return connection.execute(select(key).where(subjects.c.id == identity(subject))).scalar_one_or_none()


def insert_subject(connection: Connection, subject: Subject, at_us: int) -> int:
    """Insert a subject, and return its key; the kind of a check stays unknown until the workspace says it."""
    return _inserted(connection, insert(subjects), _subject_row(subject, at_us))


def _subject_row(subject: Subject, at_us: int) -> dict[str, object]:
    kind = None if subject.kind in CHECK_KINDS else subject.kind
    return {"id": identity(subject), "kind": kind, "first_seen_us": at_us, "last_seen_us": at_us}


def _inserted_subjects(connection: Connection, wanted: Mapping[Subject, int]) -> dict[Subject, int]:
    """Return the keys of subjects by their ids or by those that they had before, the others inserted."""
    key = func.coalesce(subjects.c.alias_of, subjects.c.key).label("own")
    names = {subject: identity(subject) for subject in wanted}
    statement = select(subjects.c.id, key).where(subjects.c.id.in_(set(names.values())))
    known = {row.id: row.own for row in connection.execute(statement)}
    fresh = {names[subject]: _subject_row(subject, at_us) for subject, at_us in wanted.items()}
    rows = [row for name, row in fresh.items() if name not in known]
    if rows:
        connection.execute(insert(subjects), rows)
        known = {row.id: row.own for row in connection.execute(statement)}
    return {subject: known[name] for subject, name in names.items()}


def _inserted(connection: Connection, statement: Insert, row: Mapping[str, object]) -> int:
    key = connection.execute(statement, row).inserted_primary_key
    assert key is not None
    return int(key[0])


def _load_subjects(connection: Connection, keys: Collection[int]) -> dict[int, KnownSubject]:
    """Return what is stored of subjects, by their keys."""
    if not keys:
        return {}
    statement = select(subjects.c.key, subjects.c.first_seen_us, subjects.c.last_seen_us)
    loaded = {row.key: KnownSubject(*row) for row in connection.execute(statement.where(subjects.c.key.in_(keys)))}
    _load_steps(connection, loaded)
    _load_series(connection, loaded)
    return loaded


def _load_steps(connection: Connection, known: Mapping[int, KnownSubject]) -> None:
    for row in connection.execute(select(steps).where(steps.c.check_key.in_(known)).order_by(steps.c.key)):
        form = Form(row.step, StepKind(row.kind), row.title, row.parent, row.source)
        known[row.check_key].forms[form] = _Seen(row.key, row.last_seen_us)
        known[row.check_key].latest[row.step] = row.key


def _load_series(connection: Connection, known: Mapping[int, KnownSubject]) -> None:
    columns = (series.c.environment, series.c.location, series.c.step, series.c.metric, series.c.key)
    own = select(series.c.subject_key, *columns).where(series.c.subject_key.in_(known))
    for subject, *name, key in connection.execute(own):
        known[subject].series[SeriesName(*name)] = key


def _load_set(connection: Connection, digest: bytes, words: str, at_us: int) -> _Seen:
    columns = (attribute_sets.c.key, attribute_sets.c.last_seen_us)
    row = connection.execute(select(*columns).where(attribute_sets.c.digest == digest)).one_or_none()
    if row is not None:
        return _Seen(*row)
    values = {"digest": digest, "json": words, "last_seen_us": at_us}
    return _Seen(_inserted(connection, insert(attribute_sets), values), at_us)


def _form(step: Step) -> Form:
    parent = identity(step.parent) if step.parent else ""
    title, source = bounded(step.title, TITLE_CHARACTERS), bounded(step.source, URL_CHARACTERS)
    return Form(identity(step.key), step.kind, title, parent, source)


def _admissible(known: KnownSubject, missing: Iterable[Form], at_us: int) -> list[Form]:
    """Return those of the missing forms that the check may still have, in their order."""
    admitted: list[Form] = []
    counted: dict[StepKind, set[str]] = {}
    for form in missing:
        if len(known.forms) + len(admitted) >= FORMS_PER_CHECK:
            break
        if form.kind not in counted:
            counted[form.kind] = known.steps_of(form.kind, at_us - STEP_MEMORY_US)
        current = counted[form.kind]
        if form.step in current or form.step in known.latest or len(current) < STEPS_PER_CHECK:
            current.add(form.step)
            admitted.append(form)
    return admitted


def _see_steps(connection: Connection, known: KnownSubject, forms: Iterable[Form], at_us: int) -> None:
    seen = [known.forms[form] for form in dict.fromkeys(forms) if form in known.forms]
    stale = [step for step in seen if at_us - step.last_seen_us > _SEEN_EVERY_US]
    if stale:
        connection.execute(_SEE_STEPS, [{"of": step.key, "at": at_us} for step in stale])
        for step in stale:
            step.last_seen_us = at_us
