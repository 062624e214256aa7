"""Proof that journeys notice faults: each fault is injected, and the journey has to fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from outrider.app.access.listeners import SILENT
from outrider.app.access.setting_overrides import override_values
from outrider.app.access.workspace_access import now_us
from outrider.app.execution.runtime import browser_settings, open_runtime
from outrider.journeys import Fault, find_browser
from outrider.model import Outcome, StoredProof, UsageError
from outrider.runs import prove, why_vacuous
from outrider.workspace import select, switched_off

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrider.app.access.listeners import ProofListener
    from outrider.app.execution.runtime import Runtime
    from outrider.model import Check, CheckId, OverrideLog, ProofLog
    from outrider.runs import Proof
    from outrider.workspace import Workspace


class ProofRecords(Protocol):
    """Where proofs go, and what is set beside the file."""

    @property
    def proofs(self) -> ProofLog:
        """Proofs."""
        ...

    @property
    def overrides(self) -> OverrideLog:
        """Settings that hold in the place of those in files."""
        ...


@dataclass(frozen=True, slots=True)
class ProofReport:
    """How journeys ended under each fault; the first proof of each is that of the intact target."""

    proofs: Mapping[CheckId, Sequence[Proof]]

    @property
    def vacuous(self) -> dict[CheckId, str]:
        """The journeys that say nothing of their server, and why."""
        return {check: why for check, proofs in self.proofs.items() if (why := why_vacuous(proofs))}

    @property
    def unproved(self) -> tuple[CheckId, ...]:
        """The journeys that neither passed against the intact target nor were skipped: they prove nothing."""
        fine = {Outcome.PASSED, Outcome.SKIPPED}
        return tuple(check for check, proofs in self.proofs.items() if proofs[0].outcome not in fine)


def prove_journeys(
    workspace: Workspace, records: ProofRecords, patterns: Sequence[str] = (), *, listener: ProofListener = SILENT
) -> ProofReport:
    """Inject each fault into the target of each journey, and return which of them it notices.

    Args:
        workspace: Whose journeys.
        records: Where the proofs go, and whether injection is switched off beside the file.
        patterns: Which journeys; all without patterns.
        listener: Follows the proofs.

    Raises:
        UsageError: switched-off, no-checks, unknown-check.
        BrowserError: If there is no browser.
    """
    _require_injection(workspace, records)
    browser = find_browser(browser_settings(workspace))
    proofs: dict[CheckId, list[Proof]] = {}
    with open_runtime(workspace, browser=browser) as runtime:
        listener.progress("getting ready")
        journeys = select(runtime.discover().journeys, patterns)
        if not journeys:
            fix = "outrider ls lists the checks; probes and loads take no part"
            raise UsageError("there are no journeys to prove", slug="no-checks", fix=fix)
        for check in journeys:
            with runtime.turn(check, listener, runs=1 + len(Fault)):
                proofs[check.id] = _prove(check, runtime, records.proofs, listener)
    return ProofReport(proofs)


def _require_injection(workspace: Workspace, records: ProofRecords) -> None:
    """Raise a UsageError if injecting faults is switched off, in the file or beside it: no other command asks both."""
    beside = override_values(records.overrides).get("capabilities.injection")
    if beside is False:
        fix = "outrider settings unset capabilities.injection lets the file decide"
        raise UsageError("injecting faults is switched off beside outrider.toml", slug="switched-off", fix=fix)
    if not (beside or workspace.capabilities.injection):
        raise switched_off("injection", "injecting faults")


def _prove(check: Check, runtime: Runtime, log: ProofLog, listener: ProofListener) -> list[Proof]:
    at_us = now_us()
    listener.proof_started(check)
    proofs: list[Proof] = []
    folder = runtime.scratch / f"prove-{at_us}"
    for proof in prove(check, runtime.measure, folder, at_us, prepare=runtime.measure.prepare):
        proofs.append(proof)
        listener.proved(check, proof)
    snapshot = runtime.circumstances.snapshot
    log.record(
        StoredProof(check.id, proof.fault, at_us, proof.outcome, proof.noticed, proof.reason, snapshot)
        for proof in proofs
    )
    return proofs
