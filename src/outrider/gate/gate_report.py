"""A decision for CI: JSON, JUnit XML, Markdown for a pull request, annotations for GitHub."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from outrider.baselines import Verdict
from outrider.gate.decision import FAILURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.gate.decision import Decision, StepComparison
    from outrider.model import Place

_HEADER = (
    "| | check | step | base | candidate | change | interval | tolerated |",
    "|---|---|---|---|---|---|---|---|",
)
_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}


@dataclass(frozen=True, slots=True)
class FindingTexts:
    """A finding as a reader sees it, in the order of the columns."""

    step: str
    base: str
    candidate: str
    change: str = ""
    interval: str = ""
    tolerated: str = ""


def finding_texts(finding: StepComparison) -> FindingTexts:
    """Return the texts of a finding; what is tolerated stands as a share, and in ms of the base."""
    if finding.step == FAILURES:
        return FindingTexts(_name(finding), f"{finding.base:.0%}", f"{finding.candidate:.0%}")
    base, candidate = (f"{median_ms:.0f} ms" if median_ms else "-" for median_ms in (finding.base, finding.candidate))
    comparison, tolerated = finding.comparison, _tolerated(finding)
    if math.isnan(comparison.ratio) or math.isinf(comparison.high):
        return FindingTexts(finding.step, base, candidate, "-", "-", tolerated)
    change, interval = f"{comparison.ratio - 1:+.1%}", f"{comparison.low - 1:+.1%} to {comparison.high - 1:+.1%}"
    return FindingTexts(finding.step, base, candidate, change, interval, tolerated)


def verdict_text(finding: StepComparison) -> str:
    """Return a verdict in words; that of a step that does not decide says so."""
    return str(finding.verdict) if finding.decides else f"informs: {finding.verdict}"


def as_json(decision: Decision, places: Mapping[str, Place] = MappingProxyType({})) -> dict[str, object]:
    """Return a decision as plain data; ratios that are unknown are null.

    Args:
        decision: The decision.
        places: By check, where it is written.
    """
    return {
        "verdict": decision.word,
        "against": decision.against,
        "notes": list(decision.notes),
        "wrong": list(decision.wrong),
        "shard": decision.shard or None,
        "took_s": round(decision.took_s, 3),
        "check_s": {check: round(seconds, 3) for check, seconds in decision.check_s.items()},
        "places": {check: [place.file, place.line] for check, place in places.items()},
        "findings": [
            {
                "check": finding.check,
                "step": finding.step or None,
                "metric": "duration_ms" if finding.step else "failed_share",
                "verdict": finding.verdict,
                "decides": finding.decides,
                "tolerated": None if finding.tolerated is None else round(finding.tolerated, 5),
                "base": round(finding.base, 4),
                "candidate": round(finding.candidate, 4),
                "ratio": _finite(finding.comparison.ratio),
                "low": _finite(finding.comparison.low),
                "high": _finite(finding.comparison.high),
                "samples": finding.comparison.samples,
                "sessions": finding.comparison.sessions,
                "p_value": finding.comparison.p_value,
                "level": finding.level,
                "reason": finding.comparison.reason,
            }
            for finding in decision.findings
        ],
    }


def as_markdown(decision: Decision) -> str:
    """Return a decision as a comment for a pull request."""
    lines = [f"### Outrider gate: {decision.word}", ""]
    if decision.against:
        lines += [f"Against {_plain(decision.against)}.", ""]
    lines += [f"- **setup error**: {_plain(reason)}" for reason in decision.wrong]
    lines += [f"- {_plain(note)}" for note in decision.notes]
    if decision.findings:
        lines += ["", *_HEADER]
        lines += [
            "| "
            + " | ".join([_sign(finding), f"`{_plain(finding.check)}`", *map(_plain, astuple(finding_texts(finding)))])
            + " |"
            for finding in decision.findings
        ]
    return "\n".join(lines) + "\n"


def as_junit(decision: Decision) -> str:
    """Return a decision as JUnit XML: a test case a step; those that are inconclusive or only inform are skipped.

    Times are in seconds: of a step the candidate's median, of a check's failures how long the check was measured, of
    the suite how long the gate took.
    """
    suite = ET.Element("testsuite", name="outrider gate", tests=str(len(decision.findings) + len(decision.wrong)))
    suite.set("time", f"{decision.took_s:.3f}")
    for finding in decision.findings:
        _add_case(suite, finding, decision.check_s.get(finding.check, 0.0))
    for reason in decision.wrong:
        ET.SubElement(ET.SubElement(suite, "testcase", classname="setup", name=_printable(reason)), "error")
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(decision.wrong)))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def as_annotations(decision: Decision, places: Mapping[str, Place]) -> list[str]:
    """Return workflow commands that GitHub shows at the journey's line.

    Args:
        decision: The decision.
        places: By check, where it is written.
    """
    lines = [f"::error::{_escaped(reason)}" for reason in decision.wrong]
    lines += [f"::notice::{_escaped(note)}" for note in decision.notes]
    for finding in decision.findings:
        if finding.verdict is Verdict.PASS:
            continue
        level = "error" if finding.verdict is Verdict.FAIL else "warning"
        words = f"{_name(finding)}: {finding.comparison.reason}"
        if not finding.decides:
            level, words = "notice", f"{_name(finding)} (informs): {finding.comparison.reason}"
        lines.append(f"::{level}{_place(places.get(finding.check))}::{_escaped(words)}")
    return lines


def _add_case(suite: ET.Element, finding: StepComparison, check_s: float) -> None:
    time_s = finding.candidate / 1000 if finding.step else check_s
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_printable(finding.check),
        name=_printable(_name(finding)),
        time=f"{time_s:.3f}",
    )
    if finding.verdict is Verdict.PASS:
        return
    reason = finding.comparison.reason if finding.decides else f"{verdict_text(finding)}: {finding.comparison.reason}"
    kind = "failure" if finding.decides and finding.verdict is Verdict.FAIL else "skipped"
    ET.SubElement(case, kind, message=_printable(reason))


def _sign(finding: StepComparison) -> str:
    return _SIGNS[finding.verdict] if finding.decides else f"({_SIGNS[finding.verdict]})"


def _tolerated(finding: StepComparison) -> str:
    if finding.tolerated is None or not finding.base:
        return ""
    return f"{finding.tolerated:.1%} ({finding.tolerated * finding.base:.0f} ms)"


def _place(place: Place | None) -> str:
    if place is None:
        return ""
    line = f",line={place.line}" if place.line else ""
    return f" file={_escaped(place.file).replace(':', '%3A').replace(',', '%2C')}{line}"


def _name(finding: StepComparison) -> str:
    return finding.step or "failures"


def _finite(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
