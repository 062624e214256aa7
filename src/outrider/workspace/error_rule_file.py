"""Reads `scheduler/errors.toml`: what errors are grouped by, and who gets their issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from outrider.model import ConfigError, ConfigErrors, ErrorRules, FingerprintRule, OwnerRule
from outrider.workspace.named_paths import is_listed
from outrider.workspace.tables import Table, as_text, as_texts
from outrider.workspace.toml_document import read_document

if TYPE_CHECKING:
    from pathlib import Path

ERRORS_FILE: Final = "scheduler/errors.toml"
_CONDITIONS: Final = ("type", "message", "path", "module", "service")
_OWNER_CONDITIONS: Final = ("path", "module", "service")
_NO_TEXTS: tuple[str, ...] = ()


def read_error_rules(root: Path) -> ErrorRules:
    """Return the rules for errors of the workspace at `root`; none without the file.

    Raises:
        ConfigErrors: With every problem.
    """
    path = root / ERRORS_FILE
    if not is_listed(path):
        return ErrorRules()
    problems: list[ConfigError] = []
    try:
        document = read_document(path, ERRORS_FILE)
    except ConfigError as problem:
        raise ConfigErrors((problem,)) from None
    top = Table(document.data, "", document.place, problems)
    rules = ErrorRules(
        tuple(_fingerprint_rule(table) for table in top.sections("group")),
        tuple(_owner_rule(table) for table in top.sections("owner")),
    )
    top.close()
    if problems:
        raise ConfigErrors(tuple(problems))
    return rules


def _fingerprint_rule(table: Table) -> FingerprintRule:
    conditions = _conditions(table, _CONDITIONS)
    fingerprint = table.require("fingerprint", as_texts, _NO_TEXTS, '["declined", "{{ service }}"]')
    table.close()
    return FingerprintRule(fingerprint, **conditions, where=str(table.place()))


def _owner_rule(table: Table) -> OwnerRule:
    conditions = _conditions(table, _OWNER_CONDITIONS)
    owner = table.require("owner", as_text, "", '"team-pay"')
    table.close()
    return OwnerRule(owner, **conditions, where=str(table.place()))


def _conditions(table: Table, names: tuple[str, ...]) -> dict[str, str]:
    conditions = {name: table.read(name, as_text, "") for name in names}
    if not any(conditions.values()):
        table.report(names[0], f"is missing, and so are {', '.join(names[1:])}", "write one of them", "missing-key")
    return conditions
