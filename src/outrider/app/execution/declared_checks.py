"""Probes and load profiles that stand in a workspace's files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrider.load import KIND as LOAD
from outrider.load import Catalogue as LoadCatalogue
from outrider.load import read_profiles
from outrider.probes import ProbeCatalogue, read_probes
from outrider.workspace import Variables

if TYPE_CHECKING:
    from outrider.workspace import Secrets, Workspace


def probes_of(workspace: Workspace, secrets: Secrets) -> ProbeCatalogue:
    """Return the probes of a workspace; none if they are switched off."""
    if not workspace.capabilities.probes:
        return ProbeCatalogue()
    return read_probes(workspace, Variables(os.environ, workspace.env, secrets), others={LOAD})


def loads_of(workspace: Workspace, secrets: Secrets) -> LoadCatalogue:
    """Return the load profiles of a workspace; none if they are switched off."""
    if not workspace.capabilities.load:
        return LoadCatalogue()
    return read_profiles(workspace, Variables(os.environ, workspace.env, secrets))
