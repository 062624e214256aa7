"""Faults of the shop: what there is, what is on, and where each takes hold."""

from demo.faults.board import FaultBoard, SwitchedOn
from demo.faults.catalogue import FAULTS, BadSize, Fault, FaultError, UnknownFault
from demo.faults.effects import Effects, shop_effects, third_party_effects

__all__ = [
    "FAULTS",
    "BadSize",
    "Effects",
    "Fault",
    "FaultBoard",
    "FaultError",
    "SwitchedOn",
    "UnknownFault",
    "shop_effects",
    "third_party_effects",
]
