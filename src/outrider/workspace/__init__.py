"""Files of a workspace -> frozen settings, secrets, snapshots; and what other rooms read their own files with."""

from outrider.workspace.credential_names import is_credential_name
from outrider.workspace.credential_text import hide_in_text
from outrider.workspace.cron import Cron
from outrider.workspace.durations import format_duration, parse_duration
from outrider.workspace.file_list import PRODUCTS, python_files
from outrider.workspace.mask import Mask
from outrider.workspace.named_paths import expanded, is_file, is_folder, is_listed, is_there, resolved
from outrider.workspace.option_conflicts import conflicting_plugins, find_option_conflicts
from outrider.workspace.patterns import (
    Names,
    cron_place,
    duplicate_checks,
    is_match,
    matches,
    names_of,
    select,
    unmatched_patterns,
    unmatched_windows,
)
from outrider.workspace.policy import parse_overrides, read_overrides, resolve
from outrider.workspace.process_gate import gated, gated_document
from outrider.workspace.pytest_suites import read_pytest_settings
from outrider.workspace.redactor import Redactor
from outrider.workspace.scaffold import Scaffold, init
from outrider.workspace.secrets import (
    Secret,
    Secrets,
    available_secrets,
    forget_secrets_read,
    resolve_secrets,
    secrets_read,
)
from outrider.workspace.settings_file import in_reading_order, load
from outrider.workspace.shell_environment import measured_environment, surprising_names
from outrider.workspace.snapshot import Snapshot, Snapshotter
from outrider.workspace.suggestions import nearest
from outrider.workspace.tables import (
    Refused,
    Table,
    as_addresses,
    as_any_text,
    as_check_id,
    as_choice,
    as_count,
    as_delay,
    as_duration,
    as_flag,
    as_inner_paths,
    as_one_of,
    as_positive,
    as_share,
    as_table,
    as_tables,
    as_text,
    as_texts,
    check_url,
    split_address,
)
from outrider.workspace.text_templates import Template, Variables, read_template
from outrider.workspace.toml_document import Document, KeyPath, read_document
from outrider.workspace.workspace_root import find_root
from outrider.workspace.workspace_settings import (
    BaselineSettings,
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

__all__ = [
    "PRODUCTS", "BaselineSettings", "BrowserSettings", "Capabilities", "Cron", "Document", "JourneySettings", "KeyPath",
    "LoadSettings",
    "Maintenance", "Mask", "Names", "Pattern", "PolicyOverrides", "ProbeSettings", "Redactor", "Refused",
    "RetentionSettings", "Rule", "Scaffold", "Secret", "SecretSource", "Secrets", "ServiceSettings", "SessionSettings",
    "Snapshot", "Snapshotter", "StoreSettings", "Table", "Template", "Variables", "Workspace", "as_addresses",
    "as_any_text", "as_check_id", "as_choice", "as_count", "as_delay", "as_duration", "as_flag", "as_inner_paths",
    "as_one_of", "as_positive", "as_share", "as_table", "as_tables", "as_text", "as_texts", "available_secrets",
    "check_url", "conflicting_plugins", "cron_place", "duplicate_checks", "expanded", "find_option_conflicts",
    "find_root",
    "forget_secrets_read",
    "format_duration", "gated", "gated_document", "hide_in_text",
    "in_reading_order", "init", "is_credential_name", "is_file", "is_folder", "is_listed", "is_match", "is_there",
    "load", "matches", "measured_environment", "names_of", "nearest",
    "parse_duration",
    "parse_overrides", "python_files", "read_document", "read_overrides", "read_pytest_settings", "read_template",
    "resolve", "resolve_secrets", "resolved", "secrets_read", "select", "split_address", "surprising_names",
    "unmatched_patterns", "unmatched_windows",
]  # fmt: skip
