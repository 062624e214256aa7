"""A decision for CI: JSON, JUnit XML, Markdown for a pull request, annotations for GitHub."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from outrider.baselines import Verdict
from outrider.gate.decision import FAILURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.gate.decision import Decision, StepComparison
    from outrider.model import Check

_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}


def cells(finding: StepComparison) -> tuple[str, str, str, str, str]:
    """Return a finding as a reader sees it: step, base, candidate, change, interval of the change."""
    if finding.step == FAILURES:
        return _name(finding), f"{finding.base:.0%}", f"{finding.candidate:.0%}", "", ""
    base, candidate = (f"{median_ms:.0f} ms" if median_ms else "-" for median_ms in (finding.base, finding.candidate))
    comparison = finding.comparison
    if math.isnan(comparison.ratio) or math.isinf(comparison.high):
        return finding.step, base, candidate, "-", "-"
    return (
        finding.step,
        base,
        candidate,
        f"{comparison.ratio - 1:+.1%}",
        f"{comparison.low - 1:+.1%} to {comparison.high - 1:+.1%}",
    )


def as_json(decision: Decision) -> dict[str, object]:
    """Return a decision as plain data; ratios that are unknown are null."""
    return {
        "verdict": decision.word,
        "against": decision.against,
        "notes": list(decision.notes),
        "wrong": list(decision.wrong),
        "findings": [
            {
                "check": finding.check,
                "step": finding.step or None,
                "metric": "duration_ms" if finding.step else "failed_share",
                "verdict": finding.verdict,
                "base": round(finding.base, 4),
                "candidate": round(finding.candidate, 4),
                "ratio": _finite(finding.comparison.ratio),
                "low": _finite(finding.comparison.low),
                "high": _finite(finding.comparison.high),
                "samples": finding.comparison.samples,
                "sessions": finding.comparison.sessions,
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
        lines += ["", "| | check | step | base | candidate | change | interval |", "|---|---|---|---|---|---|---|"]
        lines += [
            "| "
            + " | ".join([_SIGNS[finding.verdict], f"`{_plain(finding.check)}`", *map(_plain, cells(finding))])
            + " |"
            for finding in decision.findings
        ]
    return "\n".join(lines) + "\n"


def as_junit(decision: Decision) -> str:
    """Return a decision as JUnit XML: a test case a step; inconclusive ones are skipped."""
    suite = ET.Element("testsuite", name="outrider gate", tests=str(len(decision.findings) + len(decision.wrong)))
    for finding in decision.findings:
        case = ET.SubElement(
            suite, "testcase", classname=_printable(finding.check), name=_printable(finding.step or "failures")
        )
        if finding.verdict is Verdict.FAIL:
            ET.SubElement(case, "failure", message=_printable(finding.comparison.reason))
        elif finding.verdict is Verdict.INCONCLUSIVE:
            ET.SubElement(case, "skipped", message=_printable(finding.comparison.reason))
    for reason in decision.wrong:
        ET.SubElement(ET.SubElement(suite, "testcase", classname="setup", name=_printable(reason)), "error")
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(decision.wrong)))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def as_annotations(decision: Decision, checks: Mapping[str, Check]) -> list[str]:
    """Return workflow commands that GitHub shows at the journey's line."""
    lines = [f"::error::{_escaped(reason)}" for reason in decision.wrong]
    lines += [f"::notice::{_escaped(note)}" for note in decision.notes]
    for finding in decision.findings:
        if finding.verdict is Verdict.PASS:
            continue
        level = "error" if finding.verdict is Verdict.FAIL else "warning"
        words = f"{_name(finding)}: {finding.comparison.reason}"
        lines.append(f"::{level}{_place(checks.get(finding.check))}::{_escaped(words)}")
    return lines


def _place(check: Check | None) -> str:
    if check is None:
        return ""
    line = f",line={check.line}" if check.line else ""
    return f" file={_escaped(check.path).replace(':', '%3A').replace(',', '%2C')}{line}"


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
