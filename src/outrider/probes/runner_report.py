"""The report of a test runner as steps, failures, numbers and files."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from outrider.model import ArtifactKind, Sample, Step, StepKind
from outrider.probes.probe_result import Blame, Evidence, Failure
from outrider.probes.report_readers import TITLE_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_FILE_BYTES: Final = 8_000_000
"""Of a file that a test attached; larger ones are left out."""
MOST_FILES_BYTES: Final = 24_000_000

_SHOWN: Final = 500
_KINDS: Final = {"image": ArtifactKind.SCREENSHOT, "video": ArtifactKind.VIDEO}


@dataclass(frozen=True, slots=True)
class JudgedReport:
    """What is wrong with a run of a program, and what it measured.

    Attributes:
        attachments: Files that its tests name: `name`, `contentType`, and `path` or `body` in Base64.
    """

    failures: tuple[Failure, ...] = ()
    samples: tuple[Sample, ...] = ()
    steps: tuple[Step, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Mapping[str, str], ...] = ()


def judge_report(report: Mapping[str, Any]) -> JudgedReport:
    """Judge what a reader of `report_readers` returned. Pure.

    A failed test is the target's failure. What went wrong outside tests, or that there are none, is the suite's own.
    """
    tests, counts = report["tests"], report["counts"]
    steps = _Steps()
    for test in tests:
        if test["status"] != "skipped":
            steps.add(test, None, test["offset_ms"])
    failures = [
        Failure(Blame.TARGET, _first_line(test["message"]) or "failed", test["title"])
        for test in tests
        if test["status"] == "failed"
    ]
    blame = Blame.TARGET if failures else Blame.SETUP
    failures += [Failure(blame, _first_line(error)) for error in report["errors"]]
    if not failures and not sum(counts.values()):
        failures.append(Failure(Blame.SETUP, "the report has no test"))
    if not failures and counts["skipped"] == sum(counts.values()):
        failures.append(Failure(Blame.WAITING, f"all {counts['skipped']} tests were skipped"))
    flaky = ", ".join(test["title"] for test in tests if test["status"] == "flaky")
    unnamed = sum(counts.values()) - len(tests)
    attributes = {"passed on retry": flaky[:_SHOWN], "tests without a step": str(unnamed) if unnamed else ""}
    return JudgedReport(
        failures=tuple(failures),
        samples=(
            *(Sample(step.key, "duration_ms", step.duration_ms or 0.0) for step in steps.steps),
            *(Sample("", f"tests_{status}", float(count)) for status, count in counts.items()),
        ),
        steps=tuple(steps.steps),
        attributes={name: text for name, text in attributes.items() if text},
        attachments=tuple(report["attachments"]),
    )


@dataclass(slots=True)
class _Steps:
    """Steps in the making, no two of which have one key."""

    steps: list[Step] = field(default_factory=list)
    _keys: Counter[str] = field(default_factory=Counter)

    def add(self, source: Mapping[str, Any], parent: str | None, offset_ms: float) -> None:
        """Add a test or a step of one, with the steps within it, which begin one after the other."""
        key = f"{parent}{TITLE_SEPARATOR}{source['title']}" if parent else source["title"]
        self._keys[key] += 1
        if self._keys[key] > 1:
            key = f"{key} #{self._keys[key]}"
        duration_ms, error = source["duration_ms"], _first_line(source["message"])
        self.steps.append(
            Step(key, source["title"], StepKind.NAMED, offset_ms, duration_ms, parent, error=error or None)
        )
        for step in source["steps"]:
            self.add(step, key, offset_ms)
            offset_ms += step["duration_ms"]


def attached_files(attachments: Iterable[Mapping[str, str]], folders: Sequence[Path]) -> tuple[Evidence, ...]:
    """Read the files that tests attached, as far as they are of a bearable size and lie in one of `folders`."""
    kept: list[Evidence] = []
    for number, attachment in enumerate(attachments, 1):
        data = _content(attachment, folders)
        if not data or sum(len(file.data) for file in kept) + len(data) > MOST_FILES_BYTES:
            continue
        name = Path(attachment["name"]).name or "attachment"
        media_type = attachment["contentType"].partition(";")[0] or mimetypes.guess_type(attachment["path"] or name)[0]
        suffix = Path(attachment["path"]).suffix or mimetypes.guess_extension(media_type or "") or ""
        name = f"{number}-{name}" if name.endswith(suffix) else f"{number}-{name}{suffix}"
        kind = ArtifactKind.TRACE if _is_trace(name) else _KINDS.get((media_type or "").partition("/")[0])
        kept.append(Evidence(name, media_type or "application/octet-stream", data, kind, is_whole=True))
    return tuple(kept)


def _is_trace(name: str) -> bool:
    return "trace" in name and name.endswith(".zip")


def _content(attachment: Mapping[str, str], folders: Sequence[Path]) -> bytes:
    if attachment["body"]:
        try:
            return base64.b64decode(attachment["body"], validate=True)[:MOST_FILE_BYTES]
        except (binascii.Error, ValueError):
            return b""
    return _file(attachment["path"], folders) if attachment["path"] else b""


def _file(text: str, folders: Sequence[Path]) -> bytes:
    """Return a regular file within one of `folders`, whatever links lead to it; nothing if it is none or too large."""
    try:
        path = (folders[0] / text).resolve()
        state = path.stat()
        is_within = any(path.is_relative_to(folder.resolve()) for folder in folders)
        if not is_within or not stat.S_ISREG(state.st_mode) or state.st_size > MOST_FILE_BYTES:
            return b""
        return path.read_bytes()[:MOST_FILE_BYTES]
    except (OSError, ValueError):
        return b""


def _first_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(lines[:3])[:_SHOWN]
