"""Where the store is, once the variables of its address have their values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.model import ConfigError
from outrider.workspace.secrets import available_secrets
from outrider.workspace.tables import Refused
from outrider.workspace.text_templates import Variables, read_template
from outrider.workspace.toml_document import read_document
from outrider.workspace.workspace_settings import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.workspace.workspace_settings import Workspace


def store_address(workspace: Workspace, environ: Mapping[str, str]) -> str:
    """Return `Workspace.store_url` with its variables filled: of the environment, `[env]` and `[secrets]`.

    Between `://` and `@` values are quoted, since a password may have any character.

    Raises:
        ConfigError: unknown-variable, missing-secret, short-secret or wrong-type, with the line of the address.
    """
    written = workspace.store.url
    if "${" not in written:
        return workspace.store_url
    variables = Variables(environ, workspace.env, available_secrets(workspace, environ))
    begin = written.find("://") + 3 if "://" in written else 0
    end = max(begin, written.rfind("@")) if begin else 0
    parts = ((written[:begin], variables), (written[begin:end], variables.quoted()), (written[end:], variables))
    try:
        url = "".join(read_template(text, known).fill({}) for text, known in parts)
    except Refused as error:
        place = read_document(workspace.root / SETTINGS_FILE, SETTINGS_FILE).place(("store", "url"))
        raise ConfigError(f"store.url {error.what}", slug=error.slug, fix=error.fix, where=place) from None
    return replace(workspace, store=replace(workspace.store, url=url)).store_url
