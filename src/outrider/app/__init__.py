"""One loaded workspace, ready to execute: discovery, runs, loads, gates, the service, alerts and reports.

A function takes a workspace, a store and a listener, and returns frozen values: nothing here prints, ends the process or
looks at the current folder, `find_workspace` aside. Names are imported when they are used, so that a program pays
only for the rooms that it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.app.discovery import Discovery
    from outrider.app.fault_proof import ProofReport, prove_journeys
    from outrider.app.gate_run import GateOptions, GateResult, gate_rules, run_gate, self_test_gate
    from outrider.app.listeners import (
        GateListener,
        LoadListener,
        ProgressListener,
        ProofListener,
        RunListener,
        SilentListener,
    )
    from outrider.app.load_trial import KneeSearch, LoadOutcome, LoadOverrides, WorkerOutcome, run_load, work_for_master
    from outrider.app.run_execution import execute, judge_runs, run_checks
    from outrider.app.runtime import (
        Runtime,
        browser_or_error,
        browser_settings,
        list_checks,
        open_runtime,
        provide_workspace_browser,
    )
    from outrider.app.selection import display_name
    from outrider.app.typed_values import duration_s, master_address, moment_us, web_address
    from outrider.app.workspace_access import (
        create_workspace,
        find_workspace,
        find_workspace_if_any,
        judge_settings,
        now_us,
        open_store,
        prune_expired,
        register_checks,
    )
    from outrider.app.workspace_service import WorkspaceService
    from outrider.baselines import Condition, Knee, Verdict
    from outrider.gate import Decision, FalseFails, Look, Rules, Word
    from outrider.gate import as_annotations as gate_as_annotations
    from outrider.gate import as_json as gate_as_json
    from outrider.gate import as_junit as gate_as_junit
    from outrider.gate import as_markdown as gate_as_markdown
    from outrider.gate import cells as gate_cells
    from outrider.journeys import Browser, browser_environment
    from outrider.load import Level, levels
    from outrider.runs import Judgement, Plan, Proof
    from outrider.store import Store, StoredRun
    from outrider.workspace import Workspace, format_duration

__all__ = [
    "Browser",
    "Condition",
    "Decision",
    "Discovery",
    "FalseFails",
    "GateListener",
    "GateOptions",
    "GateResult",
    "Judgement",
    "Knee",
    "KneeSearch",
    "Level",
    "LoadListener",
    "LoadOutcome",
    "LoadOverrides",
    "Look",
    "Plan",
    "ProgressListener",
    "Proof",
    "ProofListener",
    "ProofReport",
    "Rules",
    "RunListener",
    "Runtime",
    "SilentListener",
    "Store",
    "StoredRun",
    "Verdict",
    "Word",
    "WorkerOutcome",
    "Workspace",
    "WorkspaceService",
    "browser_environment",
    "browser_or_error",
    "browser_settings",
    "create_workspace",
    "display_name",
    "duration_s",
    "execute",
    "find_workspace",
    "find_workspace_if_any",
    "format_duration",
    "gate_as_annotations",
    "gate_as_json",
    "gate_as_junit",
    "gate_as_markdown",
    "gate_cells",
    "gate_rules",
    "judge_runs",
    "judge_settings",
    "levels",
    "list_checks",
    "master_address",
    "moment_us",
    "now_us",
    "open_runtime",
    "open_store",
    "prove_journeys",
    "provide_workspace_browser",
    "prune_expired",
    "register_checks",
    "run_checks",
    "run_gate",
    "run_load",
    "self_test_gate",
    "web_address",
    "work_for_master",
]

_MODULES = {
    "outrider.app.discovery": "Discovery",
    "outrider.app.fault_proof": "ProofReport prove_journeys",
    "outrider.app.gate_run": "GateOptions GateResult gate_rules run_gate self_test_gate",
    "outrider.app.listeners": "GateListener LoadListener ProgressListener ProofListener RunListener SilentListener",
    "outrider.app.load_trial": "KneeSearch LoadOutcome LoadOverrides WorkerOutcome run_load work_for_master",
    "outrider.app.run_execution": "execute judge_runs run_checks",
    "outrider.app.runtime": "Runtime browser_or_error browser_settings list_checks open_runtime provide_workspace_browser",
    "outrider.app.selection": "display_name",
    "outrider.app.typed_values": "duration_s master_address moment_us web_address",
    "outrider.app.workspace_access": "create_workspace find_workspace find_workspace_if_any judge_settings now_us open_store prune_expired register_checks",
    "outrider.app.workspace_service": "WorkspaceService",
    "outrider.baselines": "Condition Knee Verdict",
    "outrider.gate": "Decision FalseFails Look Rules Word as_annotations=gate_as_annotations as_json=gate_as_json as_junit=gate_as_junit as_markdown=gate_as_markdown cells=gate_cells",
    "outrider.journeys": "Browser browser_environment",
    "outrider.load": "Level levels",
    "outrider.runs": "Judgement Plan Proof",
    "outrider.store": "Store StoredRun",
    "outrider.workspace": "Workspace format_duration",
}
_HOMES = {
    alias or name: (module, name)
    for module, names in _MODULES.items()
    for name, _, alias in (entry.partition("=") for entry in names.split())
}


def __getattr__(name: str) -> object:
    """Import a name from its module (PEP 562)."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value
