"""Probes of kind sql: a query to a database that SQLAlchemy knows, and what its rows have to be."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from outrider.model import Sample
from outrider.probes.assertions import judge_times
from outrider.probes.expectations import as_conditions, read_text_checks, read_within
from outrider.probes.probe_result import Blame, Evidence, Failure, ProbeResult, only_step
from outrider.probes.programs import Program, Stop, run_program
from outrider.probes.system_errors import start_failure
from outrider.probes.text_evaluation import holds, shown
from outrider.workspace import Refused, as_count, as_flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.probe_context import ProbeContext
    from outrider.probes.probe_table import ProbeTable
    from outrider.probes.programs import ProgramEnd
    from outrider.probes.text_checks import TextChecks

STEP = "query"

_CHILD: Final = str(Path(__file__).with_name("sql_child.py"))
_URL = re.compile(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?://.*", re.DOTALL)
_MOST_ROWS = 100_000
_USUAL_ROWS = 1_000
_MOST_BYTES = 20_000_000
_BLAMES = {"driver": Blame.SETUP, "url": Blame.SETUP, "connect": Blame.NETWORK}
_FIXES = {"driver": "; install it with pip where Outrider runs, or name another in the URL, as in postgresql+pg8000://"}
_DOING = {"": "before it could begin", "connect": "while connecting", "query": "waiting for the rows"}


@dataclass(frozen=True, slots=True)
class SqlProbe:
    """A query, in a process that can be ended whatever its driver does.

    Attributes:
        address: The URL without user, password and options.
        rows: Operators, each with what the number of rows is compared with.
        checks: Of the rows as a list of tables in JSON.
        samples: Whether the numbers of the first row are samples.
    """

    host: str
    address: str
    order: Mapping[str, object] = field(repr=False)
    folder: Path
    secrets: tuple[str, ...] = field(repr=False)
    rows: tuple[tuple[str, object], ...]
    checks: TextChecks
    samples: bool
    within_ms: Mapping[str, float]

    async def attempt(self, context: ProbeContext, limit_s: float, *, evidence: bool) -> ProbeResult:
        """Ask the database, and judge its rows."""
        end = await self._ask(context, limit_s)
        if isinstance(end, Failure):
            return ProbeResult(0.0, (end,), is_timed=False)
        answer = _answer(end.output)
        failure = self._failed(end, answer, limit_s)
        phases = {name: answer.get(f"{name}_ms", 0.0) for name in ("connect", "query")} if not failure else {}
        total_ms = sum(phases.values()) if phases else end.duration_ms
        rows = answer.get("rows", [])
        data = json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace")
        failures = [failure] if failure else [*self._wrong_number(rows), *await self._wrong(context, data, limit_s)]
        failures += judge_times({**phases, "total": total_ms}, self.within_ms) if phases else []
        samples = [Sample(STEP, "duration_ms", total_ms)]
        samples += [Sample(STEP, f"{name}_ms", took) for name, took in phases.items()]
        return ProbeResult(
            duration_ms=total_ms,
            failures=tuple(failures),
            steps=only_step(STEP, total_ms, tuple(failures)),
            samples=(*samples, *(() if failure else self._numbers(rows))),
            attributes={"protocol": self.address.partition("://")[0]},
            evidence_files=(Evidence("rows.json", "application/json", data),)
            if rows and (failures or evidence)
            else (),
            address=self.address,
            secrets=self.secrets,
        )

    async def _ask(self, context: ProbeContext, limit_s: float) -> ProgramEnd | Failure:
        """Return how the process that asks ended, or why there was none."""
        began_s = time.monotonic()
        try:
            async with asyncio.timeout(limit_s):
                await context.database_turns.acquire()
        except TimeoutError:
            reason = (
                f"waited {limit_s:.1f} s for its turn: as many databases as this host asks at a time were being asked"
            )
            return Failure(Blame.PROBER, reason)
        try:
            left_s = max(0.0, limit_s - (time.monotonic() - began_s))
            return await run_program(self._program(), left_s, context.guard)
        except OSError as error:
            return start_failure("the process that asks the database", error)
        finally:
            context.database_turns.release()

    def _program(self) -> Program:
        paths = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
        data = json.dumps(self.order).encode()
        return Program((sys.executable, "-P", _CHILD), self.folder, paths, data, _MOST_BYTES)

    def _failed(self, end: ProgramEnd, answer: Mapping[str, Any], limit_s: float) -> Failure | None:
        """Return why there are no rows."""
        at = answer.get("at", "")
        if end.stop == Stop.TIME:
            blame = {"": Blame.PROBER, "connect": Blame.NETWORK}.get(at, Blame.SLOW)
            return Failure(blame, f"time-out after {limit_s:.1f} s, {_DOING[at]}", is_time_out=True)
        if end.stop == Stop.OUTPUT:
            return Failure(Blame.TARGET, f"the rows are larger than {_MOST_BYTES} bytes")
        if "error" in answer:
            kind = answer["kind"]
            doing = "cannot connect: " if kind == "connect" else ""
            return Failure(_BLAMES.get(kind, Blame.TARGET), f"{doing}{answer['error']}{_FIXES.get(kind, '')}")
        if "rows" in answer:
            return None
        ours = end.stop == Stop.CLOSED or end.exit_code == -signal.SIGKILL or not at
        words = shown(end.errors[-200:].decode("utf-8", "replace"))
        reason = f"the process that asks the database ended with code {end.exit_code}, {_DOING[at]}: {words}"
        return Failure(Blame.PROBER if ours else Blame.SETUP, reason)

    def _wrong_number(self, rows: list[Any]) -> list[Failure]:
        most = self.order["max_rows"]
        if len(rows) > most:  # type: ignore[operator]  # a number, as `read_sql` made it
            return [Failure(Blame.TARGET, f"there are more than {most} rows; ask for fewer, or raise max_rows")]
        wrong = [(operator, limit) for operator, limit in self.rows if not holds(operator, len(rows), limit)]
        return [
            Failure(Blame.TARGET, f"the number of rows is {len(rows)}, not {'' if op == '==' else f'{op} '}{limit}")
            for op, limit in wrong
        ]

    async def _wrong(self, context: ProbeContext, data: bytes, limit_s: float) -> tuple[Failure, ...]:
        if not self.checks:
            return ()
        return (await context.evaluator.evaluate(self.checks, data, limit_s=limit_s)).failures

    def _numbers(self, rows: list[Any]) -> list[Sample]:
        numbers = [Sample("", "rows", float(len(rows)))]
        if self.samples and rows:
            numbers += [
                Sample("", name, float(value))
                for name, value in rows[0].items()
                if isinstance(value, int | float) and name not in {"rows", "duration_ms"}
            ]
        return numbers


def _answer(output: bytes) -> dict[str, Any]:
    """Return what the process told, all its lines together; a line that was cut off says nothing."""
    answer: dict[str, Any] = {}
    for line in output.splitlines():
        with suppress(ValueError, TypeError):
            answer |= json.loads(line)
    return answer


def read_sql(entry: ProbeTable) -> SqlProbe:
    """Read a probe of kind sql; report problems to its table."""
    table = entry.table
    url = entry.needed_text("url", _as_database, "", '"postgresql+psycopg://watch:${DB_PASSWORD}@db.example/shop"')
    parts = urlsplit(url)
    query = entry.needed_text("query", str, "", '"select count(*) as waiting from orders where state = 1"')
    order = {"url": url, "query": query, "max_rows": table.read("max_rows", as_count(1, _MOST_ROWS), _USUAL_ROWS)}
    below = table.section("expect")
    place = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    probe = SqlProbe(
        host=(parts.hostname or "").lower(),
        address=f"{parts.scheme}://{place}",
        order=order,
        folder=entry.root,
        secrets=tuple({password, unquote(password)} if (password := parts.password or "") else ()),
        rows=below.read("rows", _as_row_conditions, ()),
        checks=read_text_checks(below, entry.root, "the result"),
        samples=table.read("samples", as_flag, False),
        within_ms=read_within(below, ("connect", "query", "total")),
    )
    below.close()
    return probe


def _as_database(text: str) -> str:
    fix = 'write one of SQLAlchemy, such as "postgresql+psycopg://user:password@host/database" or "sqlite:///shop.db"'
    try:
        is_url = bool(_URL.fullmatch(text)) and urlsplit(text).port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise Refused("is not the URL of a database", fix, "bad-url")
    return text


def _as_row_conditions(value: object) -> tuple[tuple[str, object], ...]:
    conditions = as_conditions(value)
    if any(not isinstance(limit, int) or isinstance(limit, bool) for _, limit in conditions):
        raise Refused("is no number of rows", 'write a number, or operators such as {">=" = 1}', "wrong-type")
    return conditions
