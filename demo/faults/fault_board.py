"""The fault board: which faults are active, of what size, and since when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from demo.faults.fault_list import Fault, fault_named


@dataclass(frozen=True, slots=True)
class SwitchedOn:
    """A fault that is on."""

    fault: Fault
    size: float
    since_s: float


class FaultBoard:
    """Switches faults on and off; the clock is monotonic and handed in."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._on: dict[str, SwitchedOn] = {}

    def switch_on(self, name: str, size: object = None) -> SwitchedOn:
        """Switch a fault on, or give it a new size; either way its clock starts anew.

        Args:
            name: The fault's name.
            size: A number within its range; None means its default.

        Raises:
            UnknownFault: If no fault has this name.
            BadSize: If the size does not fit the fault.
        """
        fault = fault_named(name)
        number = fault.default if size is None else fault.sized(size)
        self._on[name] = SwitchedOn(fault, number, self._monotonic_s())
        return self._on[name]

    def switch_off(self, name: str) -> None:
        """Switch a fault off; one that is off already stays off.

        Raises:
            UnknownFault: If no fault has this name.
        """
        self._on.pop(fault_named(name).name, None)

    def clear(self) -> None:
        """Switch every fault off."""
        self._on.clear()

    @property
    def on(self) -> Mapping[str, SwitchedOn]:
        """The faults that are on, by name."""
        return self._on

    def on_for_s(self, name: str) -> float:
        """Return for how many seconds the fault has been on, or 0."""
        entry = self._on.get(name)
        return 0.0 if entry is None else self._monotonic_s() - entry.since_s
