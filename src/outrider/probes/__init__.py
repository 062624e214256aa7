"""Probes: requests without a browser, thousands of them in one process."""

from outrider.probes.connectivity import OwnNetwork
from outrider.probes.converters.conversion import Conversion, ConvertedProbe
from outrider.probes.converters.toml_writer import toml_document
from outrider.probes.engine import Engine
from outrider.probes.monitor_conversion import convert_monitor
from outrider.probes.probe_catalogue import ProbeCatalogue, read_probes

__all__ = [
    "Conversion",
    "ConvertedProbe",
    "Engine",
    "OwnNetwork",
    "ProbeCatalogue",
    "convert_monitor",
    "read_probes",
    "toml_document",
]
