"""Faults of the shop: what can go wrong, by how much, and whether it is on.

python -m demo.faults slow-query 800 --url http://127.0.0.1:8700
python -m demo.faults slow-query --off
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; its size lies between zero and `most`."""

    name: str
    unit: str
    default: float
    most: float
    effect: str


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("slow-query", "ms", 800, 60_000, "every catalogue query takes so much longer"),
        Fault("slow-third-party", "ms", 2_000, 60_000, "the third party answers so much later"),
        Fault("errors", "share", 0.3, 1, "so many of the requests are answered with 500"),
        Fault("broken-button", "on", 1, 1, "the pay button does nothing"),
        Fault("script-error", "on", 1, 1, "the product page throws an exception"),
        Fault("wrong-price", "%", 10, 1_000, "product pages show prices that are so much higher"),
        Fault("memory-growth", "MB/request", 2, 100, "every request leaks so much memory, up to 1 GB"),
        Fault("slow-drift", "ms/hour", 200, 600_000, "every request gets slower, by so much each hour"),
        Fault("hang", "share", 1, 1, "so many of the requests are never answered"),
    )
}


class BadFault(ValueError):  # noqa: N818 - what it says of its argument
    """No such fault, or no such size; the message says what there is."""


class Switchboard:
    """Which faults are on.

    Args:
        clock: Seconds that never go back; drift is counted by it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._on: dict[str, tuple[float, float]] = {}

    def switch_on(self, name: str, size: float | None = None) -> None:
        """Switch a fault on, at its default size if none is given.

        Raises:
            BadFault: If there is no such fault, or the size is out of its range.
        """
        fault = _known(name)
        wanted = fault.default if size is None else size
        if not 0 < wanted <= fault.most:
            raise BadFault(f"the size of {name} lies above 0 and up to {fault.most:g} {fault.unit}, not {wanted:g}")
        self._on[name] = (wanted, self._clock())

    def switch_off(self, name: str) -> None:
        """Switch a fault off, if it is on.

        Raises:
            BadFault: If there is no such fault.
        """
        self._on.pop(_known(name).name, None)

    def clear(self) -> None:
        """Switch all faults off."""
        self._on.clear()

    def size(self, name: str) -> float:
        """Return how large a fault is; zero while it is off."""
        return self._on.get(_known(name).name, (0.0, 0.0))[0]

    def drift_ms(self) -> float:
        """Return how much slower every request has become."""
        per_hour, since = self._on.get("slow-drift", (0.0, 0.0))
        return per_hour * (self._clock() - since) / 3600 if per_hour else 0.0

    def listing(self) -> list[dict[str, object]]:
        """Return all faults and their state, for people and programs."""
        return [
            {"name": one.name, "on": one.name in self._on, "size": self.size(one.name), "unit": one.unit,
             "default": one.default, "most": one.most, "effect": one.effect}
            for one in FAULTS.values()
        ]  # fmt: skip


def _known(name: str) -> Fault:
    try:
        return FAULTS[name]
    except KeyError:
        raise BadFault(f"there is no fault {name!r}; there are: {', '.join(FAULTS)}") from None


def switch(url: str, name: str, size: float | None = None, *, off: bool = False) -> None:
    """Switch a fault of a running shop.

    Raises:
        BadFault: If the shop refuses; the message is the shop's.
        OSError: If there is no shop at `url`.
    """
    body = None if off else json.dumps({} if size is None else {"size": size}).encode()
    request = urllib.request.Request(f"{url}/admin/faults/{name}", body, method="DELETE" if off else "PUT")
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        raise BadFault(json.load(error)["error"]) from None


def main(argv: Sequence[str] | None = None) -> int:
    """Switch one fault from the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.faults", description=f"Faults: {', '.join(FAULTS)}.")
    parser.add_argument("name")
    parser.add_argument("size", type=float, nargs="?")
    parser.add_argument("--off", action="store_true")
    parser.add_argument("--url", default="http://127.0.0.1:8700")
    arguments = parser.parse_args(argv)
    try:
        switch(arguments.url, arguments.name, arguments.size, off=arguments.off)
    except BadFault as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"no shop answers at {arguments.url}: {error}\n  start it: python -m demo", file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
