"""A decision for CI: JSON, JUnit XML, Markdown for a pull request, annotations for GitHub."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from outrider.baselines import Verdict
from outrider.gate.decision import FAILURES
from outrider.model import per_cent

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
class ComparisonTexts:
    """A comparison as a reader sees it, in the order of the columns."""

    step: str
    base: str
    candidate: str
    change: str = ""
    interval: str = ""
    tolerated: str = ""


def comparison_texts(compared: StepComparison) -> ComparisonTexts:
    """Return the texts of a comparison; what is tolerated stands as a share, and in ms of the base."""
    if compared.step == FAILURES:
        return ComparisonTexts(_name(compared), per_cent(compared.base, ".0f"), per_cent(compared.candidate, ".0f"))
    base, candidate = (f"{median_ms:.0f} ms" if median_ms else "-" for median_ms in (compared.base, compared.candidate))
    comparison, tolerated = compared.comparison, _tolerated(compared)
    if math.isnan(comparison.ratio) or math.isinf(comparison.high):
        return ComparisonTexts(compared.step, base, candidate, "-", "-", tolerated)
    bounds = (comparison.ratio, comparison.low, comparison.high)
    change, low, high = (per_cent(bound - 1, "+.1f") for bound in bounds)
    return ComparisonTexts(compared.step, base, candidate, change, f"{low} to {high}", tolerated)


def verdict_text(compared: StepComparison) -> str:
    """Return a verdict in words; that of a step that does not decide says so."""
    return str(compared.verdict) if compared.decides else f"informs: {compared.verdict}"


def as_json(decision: Decision, places: Mapping[str, Place] = MappingProxyType({})) -> dict[str, object]:
    """Return a decision as plain data; ratios that are unknown are null.

    Args:
        decision: The decision.
        places: By check, where it is written.
    """
    return {
        "verdict": decision.verdict,
        "against": decision.against,
        "notes": list(decision.notes),
        "wrong": list(decision.wrong),
        "shard": decision.shard or None,
        "took_s": round(decision.took_s, 3),
        "check_s": {check: round(seconds, 3) for check, seconds in decision.check_s.items()},
        "places": {check: [place.file, place.line] for check, place in places.items()},
        "findings": [
            {
                "check": compared.check,
                "step": compared.step or None,
                "metric": "duration_ms" if compared.step else "failed_share",
                "verdict": compared.verdict,
                "decides": compared.decides,
                "tolerated": None if compared.tolerated is None else round(compared.tolerated, 5),
                "base": round(compared.base, 4),
                "candidate": round(compared.candidate, 4),
                "ratio": _finite(compared.comparison.ratio),
                "low": _finite(compared.comparison.low),
                "high": _finite(compared.comparison.high),
                "samples": compared.comparison.samples,
                "sessions": compared.comparison.sessions,
                "p_value": compared.comparison.p_value,
                "level": compared.level,
                "reason": compared.comparison.reason,
            }
            for compared in decision.comparisons
        ],
    }


def as_markdown(decision: Decision) -> str:
    """Return a decision as a comment for a pull request."""
    lines = [f"### Outrider gate: {decision.verdict}", ""]
    if decision.against:
        lines += [f"Against {_plain(decision.against)}.", ""]
    lines += [f"- **setup error**: {_plain(reason)}" for reason in decision.wrong]
    lines += [f"- {_plain(note)}" for note in decision.notes]
    if decision.comparisons:
        lines += ["", *_HEADER]
        lines += [
            "| "
            + " | ".join(
                [_sign(compared), f"`{_plain(compared.check)}`", *map(_plain, astuple(comparison_texts(compared)))]
            )
            + " |"
            for compared in decision.comparisons
        ]
    reasons = [
        f"- `{_plain(compared.check)}` {_plain(_name(compared))}: {_plain(compared.comparison.reason)}"
        for compared in decision.comparisons
        if compared.verdict is not Verdict.PASS
    ]
    return "\n".join([*lines, *(["", *reasons] if reasons else [])]) + "\n"


def as_junit(decision: Decision) -> str:
    """Return a decision as JUnit XML: a test case a step; those that are inconclusive or only inform are skipped.

    Times are in seconds: of a step the candidate's median, of a check's failures how long the check was measured, of
    the suite how long the gate took.
    """
    suite = ET.Element("testsuite", name="outrider gate", tests=str(len(decision.comparisons) + len(decision.wrong)))
    suite.set("time", f"{decision.took_s:.3f}")
    for compared in decision.comparisons:
        _add_case(suite, compared, decision.check_s.get(compared.check, 0.0))
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
    for compared in decision.comparisons:
        if compared.verdict is Verdict.PASS:
            continue
        level = "error" if compared.verdict is Verdict.FAIL else "warning"
        words = f"{_name(compared)}: {compared.comparison.reason}"
        if not compared.decides:
            level, words = "notice", f"{_name(compared)} (informs): {compared.comparison.reason}"
        lines.append(f"::{level}{_place(places.get(compared.check))}::{_escaped(words)}")
    return lines


def _add_case(suite: ET.Element, compared: StepComparison, check_s: float) -> None:
    time_s = compared.candidate / 1000 if compared.step else check_s
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_printable(compared.check),
        name=_printable(_name(compared)),
        time=f"{time_s:.3f}",
    )
    if compared.verdict is Verdict.PASS:
        return
    reason = (
        compared.comparison.reason if compared.decides else f"{verdict_text(compared)}: {compared.comparison.reason}"
    )
    kind = "failure" if compared.decides and compared.verdict is Verdict.FAIL else "skipped"
    ET.SubElement(case, kind, message=_printable(reason))


def _sign(compared: StepComparison) -> str:
    return _SIGNS[compared.verdict] if compared.decides else f"({_SIGNS[compared.verdict]})"


def _tolerated(compared: StepComparison) -> str:
    if compared.tolerated is None or not compared.base:
        return ""
    return f"{per_cent(compared.tolerated)} ({compared.tolerated * compared.base:.0f} ms)"


def _place(place: Place | None) -> str:
    if place is None:
        return ""
    line = f",line={place.line}" if place.line else ""
    return f" file={_escaped(place.file).replace(':', '%3A').replace(',', '%2C')}{line}"


def _name(compared: StepComparison) -> str:
    return compared.step or "failures"


def _finite(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
