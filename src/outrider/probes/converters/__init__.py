"""Configurations of other monitors -> tables of probes, and what of them cannot be carried over."""

from outrider.probes.converters.blackbox import convert_blackbox
from outrider.probes.converters.conversion import Conversion, ConvertedProbe, Leftover
from outrider.probes.converters.gatus import convert_gatus
from outrider.probes.converters.toml_writer import toml_document
from outrider.probes.converters.uptime_kuma import convert_uptime_kuma, read_kuma
from outrider.probes.converters.yaml_document import parse_yaml

__all__ = [
    "Conversion", "ConvertedProbe", "Leftover", "convert_blackbox", "convert_gatus", "convert_uptime_kuma",
    "parse_yaml", "read_kuma", "toml_document",
]  # fmt: skip
