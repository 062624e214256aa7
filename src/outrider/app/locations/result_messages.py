"""Results of runs as a worker hands them over, several in a message, and what the server answers on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from outrider.app.locations.broker_messages import framed, unframed
from outrider.model import HeldRun, OutriderError, RunId, UsageError, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST_LEASE = 1 << 31


def packed_results(results: Sequence[tuple[HeldRun, bytes]]) -> bytes:
    """Return results as one message."""
    sizes = [{"run": held.run, "lease": held.lease, "bytes": len(document)} for held, document in results]
    return framed({"results": sizes}, b"".join(document for _, document in results))


def unpacked_results(message: bytes) -> list[tuple[HeldRun, bytes]]:
    """Return the results of a message.

    Raises:
        UsageError: bad-message.
    """
    values, content = unframed(message)
    try:
        sizes = [(str(UUID(own["run"])), int(own["lease"]), int(own["bytes"])) for own in values["results"]]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise _bad_message() from None
    results = []
    for run, lease, size in sizes:
        if not 0 <= lease < _MOST_LEASE or not 0 <= size <= len(content):
            raise _bad_message()
        results.append((HeldRun(RunId(run), lease), content[:size]))
        content = content[size:]
    return results


def verdict_documents(verdicts: Iterable[Verdict | OutriderError]) -> list[dict[str, str]]:
    """Return verdicts as plain values."""
    return [
        {"verdict": own.value} if isinstance(own, Verdict) else {"refused": own.what, "slug": own.slug, "fix": own.fix}
        for own in verdicts
    ]


def read_verdicts(documents: Sequence[dict[str, Any]]) -> tuple[Verdict | UsageError, ...]:
    """Return verdicts of plain values."""
    return tuple(
        Verdict(own["verdict"])
        if "verdict" in own
        else UsageError(str(own["refused"])[:500], slug=str(own["slug"])[:80], fix=str(own["fix"])[:500])
        for own in documents
    )


def _bad_message() -> UsageError:
    return UsageError("a message does not say which results it has", slug="bad-message")
