"""Probes: requests without a browser, thousands of them in one process."""

from outrider.probes.connectivity import OwnNetwork
from outrider.probes.engine import Engine
from outrider.probes.probe_catalogue import ProbeCatalogue, read_probes

__all__ = ["Engine", "OwnNetwork", "ProbeCatalogue", "read_probes"]
