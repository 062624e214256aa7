"""Files of a workspace -> frozen settings, secrets, snapshots."""

from outrider.workspace.durations import format_duration, parse_duration
from outrider.workspace.masking import Mask
from outrider.workspace.measurements import masked
from outrider.workspace.parsing import load
from outrider.workspace.patterns import Names, duplicate_checks, matches, names_of, select, unmatched_patterns
from outrider.workspace.policy import parse_overrides, resolve
from outrider.workspace.root import find_root
from outrider.workspace.scaffold import Scaffold, init
from outrider.workspace.secrets import Secret, Secrets, resolve_secrets
from outrider.workspace.settings import (
    BrowserSettings,
    Capabilities,
    JourneySettings,
    LoadSettings,
    Maintenance,
    Pattern,
    PolicyOverrides,
    ProbeSettings,
    RetentionSettings,
    Rule,
    SecretSource,
    ServiceSettings,
    SessionSettings,
    StoreSettings,
    Workspace,
)
from outrider.workspace.snapshot import Snapshot, Snapshotter

__all__ = [
    "BrowserSettings", "Capabilities", "JourneySettings", "LoadSettings", "Maintenance", "Mask", "Names", "Pattern",
    "PolicyOverrides", "ProbeSettings", "RetentionSettings", "Rule", "Scaffold", "Secret", "SecretSource",
    "Secrets", "ServiceSettings", "SessionSettings", "Snapshot", "Snapshotter", "StoreSettings", "Workspace",
    "duplicate_checks", "find_root", "format_duration", "init", "load", "masked", "matches", "names_of",
    "parse_duration", "parse_overrides", "resolve", "resolve_secrets", "select", "unmatched_patterns",
]  # fmt: skip
