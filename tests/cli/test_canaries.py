"""No secret passes the gate: planted in every field of a measurement, in every form, it is searched for everywhere."""

from __future__ import annotations

import io
import json
import types
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import pytest
from tests.builders import new_store
from tests.canaries import FORMS, SECRET, TOKEN, UNDECLARED, spellings, stored

from outrider import model
from outrider.alerts.run_findings import FindingContext, findings
from outrider.app.reporting.report_documents import ReportForm, load_document, run_document
from outrider.cli.load_tables import as_json, print_load
from outrider.cli.printable_console import PrintableConsole
from outrider.cli.run_tables import run_as_json, run_table, step_table, stored_as_json
from outrider.cli.show import _print as print_stored
from outrider.model import (
    ArtifactFile,
    ArtifactKind,
    Attempt,
    Check,
    CheckId,
    Circumstances,
    Kind,
    LoadResult,
    Measurement,
    Order,
    Outcome,
    Policy,
    Run,
    RunId,
    new_run_id,
)
from outrider.runs import Runner
from outrider.workspace import Mask, Redactor, load

if TYPE_CHECKING:
    from outrider.store import Store

LOAD = CheckId("load:probes/shop_load.py")


def planted(kind: Any, text: str, folder: Path) -> Any:
    """Return a value of a type, with the text in each place that takes one."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {types.UnionType, Union}:
        return planted(next(argument for argument in arguments if argument is not type(None)), text, folder)
    inner = [planted(argument, text, folder) for argument in arguments if argument is not ...]
    if origin in {tuple, Mapping}:
        return tuple(inner) if origin is tuple else {inner[0]: inner[1]}
    if kind in {int, float, bool, str, RunId}:
        return {int: 1, float: 1.0, bool: False, str: text, RunId: new_run_id(1)}[kind]
    if issubclass(kind, Enum):
        return Outcome.FAILED if kind is Outcome else next(iter(kind))
    if kind is Path:
        return files(folder, text)
    return filled(kind, text, folder)


def filled(kind: type[Any], text: str, folder: Path) -> Any:
    """Return a dataclass of the model with the text in every field, whatever fields it has."""
    assert is_dataclass(kind), f"the test does not know how to plant a canary in {kind}"
    words = {**vars(model), "Mapping": Mapping, "Path": Path, "Sequence": tuple}
    hints = get_type_hints(kind, localns=words)
    ours = {field.name: planted(hints[field.name], text, folder) for field in fields(kind) if field.init}
    untaken = {"is_redacted": False, "content": None}  # as a measure leaves a file; who uploads one has redacted it
    return kind(**{**ours, **(untaken if kind is ArtifactFile else {})})


def files(folder: Path, text: str) -> Path:
    """Return a trace that holds the text in its lines, in a body, and in UTF-16."""
    path = folder / "trace.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        line = {"type": "x", "text": text, "headers": [{"name": "x-custom", "value": text}]}
        archive.writestr("trace.trace", json.dumps(line) + "\n")
        archive.writestr("resources/body.txt", f"before\n{text}\nafter")
        archive.writestr("resources/wide.bin", b"\xff\xfe" + SECRET.encode("utf-16-le"))
    return path


@dataclass
class Planter:
    """A measure that brings back a measurement full of one text."""

    text: str

    def measure(self, order: Order) -> Measurement:
        measurement: Measurement = filled(Measurement, self.text, order.scratch)
        har = order.scratch / "1.har"
        har.write_text(json.dumps({"log": {"comment": self.text, "entries": []}}, indent=2))
        artifacts = (*measurement.artifacts, ArtifactFile(ArtifactKind.HAR, "har.har", "application/json", har))
        return replace(measurement, artifacts=artifacts, outcome=Outcome.FAILED)


def shown(run: Run, store: Store, folder: Path) -> Iterator[str]:
    """Yield what people and programs get of a run: tables, JSON, reports, alerts."""
    out = io.StringIO()
    console = PrintableConsole(file=out, width=5000)
    console.print(run_table([run]), step_table(run.attempts[0]))
    result = run.attempts[0].measurement.load
    assert result is not None
    print_load(console, run, result)
    whole = store.runs.get(run.id)
    print_stored(console, whole, "UTC")
    yield out.getvalue()
    yield from (
        json.dumps(value, default=str) for value in (run_as_json(run), stored_as_json(whole), as_json(result, None))
    )
    (folder / "outrider.toml").touch()
    workspace = load(folder)
    for form in ("html", "json", "md", "csv"):
        yield run_document(workspace, store, run.id, ReportForm(form, table="steps")).text
        yield load_document(workspace, store, run.id, ReportForm(form, table="endpoints")).text
    yield repr(findings(run, [], FindingContext()))


def run_of(text: str, folder: Path, store: Store) -> Run:
    """Return a stored run whose measurement was full of the text."""
    redactor = Redactor(Mask([SECRET]))
    circumstances: Circumstances = filled(Circumstances, text, folder)
    runner = Runner({Kind.LOAD: Planter(text)}, store.runs, folder / "scratch", circumstances, redactor=redactor)
    return runner.run(Check(LOAD, Kind.LOAD, "probes/shop_load.py", "shop", "shop", Policy(retries=0, evidence=False)))


@pytest.mark.parametrize("form", FORMS)
def test_a_declared_secret_is_nowhere(form: str, tmp_path: Path) -> None:
    """In no field, file, table, report or message, whatever form it had, even in a field that was added yesterday."""
    secret = FORMS[form](SECRET)
    folder = tmp_path / "store"
    folder.mkdir()
    with new_store(folder / "outrider.db", artifacts=folder / "artifacts") as store:
        run = run_of(f"see {secret} here", tmp_path, store)
        texts = [text.encode() for text in shown(run, store, tmp_path)]

    assert run.attempts, run.reason
    everything = [repr(run).encode(), *texts, *stored(folder)]
    for spelling in spellings(secret) | {SECRET.encode("utf-16-le")}:
        assert [piece[:200] for piece in everything if spelling in piece] == []
    assert any(b"***" in piece for piece in stored(folder))


@pytest.mark.parametrize("place", UNDECLARED)
def test_an_undeclared_credential_is_nowhere(place: str, tmp_path: Path) -> None:
    """Users of addresses, tokens in queries, headers, cookies and passwords in bodies: one standard for all kinds."""
    folder = tmp_path / "store"
    folder.mkdir()
    with new_store(folder / "outrider.db", artifacts=folder / "artifacts") as store:
        run = run_of(UNDECLARED[place], tmp_path, store)
        texts = [text.encode() for text in shown(run, store, tmp_path)]

    assert run.attempts, run.reason
    assert [piece[:200] for piece in [repr(run).encode(), *texts, *stored(folder)] if TOKEN.encode() in piece] == []


def test_every_field_of_a_measurement_is_planted(tmp_path: Path) -> None:
    """The test would see a field that the gate passes over, in the load result too."""
    measurement = filled(Measurement, SECRET, tmp_path)

    assert isinstance(measurement.load, LoadResult)
    assert repr(measurement).count(repr(SECRET)[1:-1]) >= 22


def test_a_value_that_cannot_be_redacted_costs_its_run_and_leaks_nothing(tmp_path: Path) -> None:
    """What nobody foresaw is inconclusive, and the reason does not quote it."""

    class Odd(str):
        def __repr__(self) -> str:
            return SECRET

    class Leaky:
        def measure(self, order: Order) -> Measurement:
            del order
            return Measurement(Outcome.PASSED, "", 1, 1.0, attributes={"odd": Odd(SECRET)})

    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        runner = Runner({Kind.PROBE: Leaky()}, store.runs, tmp_path / "scratch", Circumstances())
        run = runner.run(Check(CheckId("probe:odd"), Kind.PROBE, "p.toml", "odd", "odd", Policy()))

    assert (run.outcome, run.attempts) == (Outcome.INCONCLUSIVE, ())
    assert SECRET not in repr(run)


def test_attempts_are_redacted_alike(tmp_path: Path) -> None:
    """A run of several attempts has no secret in any; its identity stays as it is."""
    attempts = tuple(Attempt(number, False, False, filled(Measurement, SECRET, tmp_path)) for number in (1, 2))
    run = Run(
        new_run_id(1), LOAD, "production", "local", 1, 1, 2, Outcome.FAILED, SECRET, attempts, Circumstances(host="me")
    )  # fmt: skip

    redacted = Redactor(Mask([SECRET, "production", LOAD, run.id])).run(run)

    assert (redacted.id, redacted.check, redacted.environment) == (run.id, LOAD, "production")
    assert "Zebra" not in repr(redacted)
