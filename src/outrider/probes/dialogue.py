"""Lines of a dialogue: what is sent, and what the answer has to be; over any connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrider.probes.expectations import as_patterns
from outrider.probes.streams import Ended
from outrider.probes.text_checks import TextChecks
from outrider.workspace import Refused, as_flag

if TYPE_CHECKING:
    from outrider.probes.evaluator import Evaluator
    from outrider.probes.probe_table import ProbeTable


@dataclass(frozen=True, slots=True)
class DialogueLine:
    """One line of a dialogue: what is sent, what the answer has to be, and whether TLS begins after it.

    Attributes:
        is_text: Whether what is sent is text, and not bytes.
        title: What messages begin with; empty for the only one.
    """

    send: bytes = field(default=b"", repr=False)
    checks: TextChecks = field(default_factory=TextChecks)
    starttls: bool = False
    title: str = ""
    is_text: bool = True


async def missing(line: DialogueLine, received: bytes, evaluator: Evaluator) -> str:
    """Return what an answer lacks, or nothing.

    Raises:
        Ended: If a check reaches its limit.
    """
    evaluation = await evaluator.evaluate(line.checks, received, limit_s=0.0)
    if evaluation.failure:
        raise Ended(evaluation.failure)
    return evaluation.wrong[0] if evaluation.wrong else ""


def read_dialogue(entry: ProbeTable, checks: TextChecks, *, starttls: bool) -> tuple[DialogueLine, ...]:
    """Read the lines of a probe: the only one, of its own `send` and `checks`, or those of its `dialogue`.

    Args:
        checks: What its `expect` says of the answer.
        starttls: Whether a line may begin TLS.
    """
    send, is_text = read_sent(entry)
    dialogue = _dialogue(entry, starttls=starttls)
    if not (send or checks):
        return dialogue
    if dialogue:
        key = next(key for key in ("send", "send_hex", "expect") if key in entry.table.data)
        entry.table.report(key, "stands beside a dialogue", "put it into a [[NAME.dialogue]]", "send-beside-dialogue")
    return (DialogueLine(send, checks, is_text=is_text),)


def read_sent(entry: ProbeTable) -> tuple[bytes, bool]:
    """Read what is sent, as a text or as bytes, and return which it is."""
    template = entry.template("send")
    data = entry.text("send_hex", _as_bytes, None)
    if template and data is not None:
        entry.table.report("send_hex", "stands beside send", "write one of both", "send-beside-dialogue")
    if data is not None:
        return data, False
    return template.fill({}).encode("utf-8", "replace") if template else b"", True


def _as_bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        fix = 'write pairs of hexadecimal digits, such as "1b 00 ff"'
        raise Refused("is not hexadecimal", fix) from None


def _dialogue(entry: ProbeTable, *, starttls: bool) -> tuple[DialogueLine, ...]:
    lines = []
    for number, table in enumerate(entry.table.sections("dialogue"), 1):
        send, is_text = read_sent(entry.below(table))
        checks = TextChecks("its answer", matches=table.read("expect", as_patterns, ()))
        begins = table.read("starttls", as_flag, False) if starttls else False
        table.close()
        lines.append(DialogueLine(send, checks, begins, f"dialogue {number}: ", is_text))
    return tuple(lines)
