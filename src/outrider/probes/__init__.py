"""Measures probes: requests without a browser, thousands of them in one process."""

from outrider.probes.catalogue import Catalogue, read_probes
from outrider.probes.connectivity import OwnNetwork
from outrider.probes.engine import Engine

__all__ = ["Catalogue", "Engine", "OwnNetwork", "read_probes"]
