"""Faults of the shop: the list of them, those that are active, and where they are applied."""

from demo.faults.fault_board import FaultBoard, SwitchedOn
from demo.faults.fault_effects import Effects, catalogue_effects, payment_effects, shop_effects, third_party_effects
from demo.faults.fault_list import FAULTS, BadSize, Fault, FaultError, UnknownFault

__all__ = [
    "FAULTS",
    "BadSize",
    "Effects",
    "Fault",
    "FaultBoard",
    "FaultError",
    "SwitchedOn",
    "UnknownFault",
    "catalogue_effects",
    "payment_effects",
    "shop_effects",
    "third_party_effects",
]
