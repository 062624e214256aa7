"""Saved views in the API."""

from __future__ import annotations

from outrider.dashboard import ViewsBody, api_views
from outrider.server.api_parameters import ROOT, Operation
from outrider.server.openapi_document import Description

VIEW_OPERATIONS = (
    Operation(
        Description(f"{ROOT}/views", "Queries of pages that people saved under a name.", ViewsBody, ()),
        lambda sources, _: api_views(sources),
    ),
)
