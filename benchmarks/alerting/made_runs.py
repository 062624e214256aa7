"""Runs of probes, made up."""

from __future__ import annotations

from outrider.model import (
    Attempt,
    CheckId,
    Circumstances,
    ErrorRecord,
    ErrorSource,
    Measurement,
    Outcome,
    Run,
    new_run_id,
)


def made_run(check: str, host: str, at_us: int, *, failed: bool) -> Run:
    """Return a run of a probe that asked a host."""
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    reason = "connection refused" if failed else ""
    errors = (ErrorRecord(ErrorSource.REQUEST, reason, url=f"http://{host}/"),) if failed else ()
    measurement = Measurement(outcome, reason, at_us, 5.0, errors=errors, attributes={"asked": f"http://{host}"})
    attempts = (Attempt(1, not failed, False, measurement),)
    identity = new_run_id(at_us)
    return Run(
        identity, CheckId(check), "production", "local", at_us, at_us, at_us, outcome, reason, attempts, Circumstances()
    )
