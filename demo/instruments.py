"""What a service of the shop tells of itself: nothing, unless somebody wants to hear it."""

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from starlette.types import ASGIApp

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Instruments:
    """Hears of everything, and tells nobody."""

    def served(self, app: ASGIApp) -> ASGIApp:
        """Return an application whose requests are told of."""
        return app

    @contextmanager
    def calling(self, service: str, name: str, headers: MutableMapping[str, str]) -> Iterator[None]:  # noqa: ARG002
        """Tell of a request to another service, and name the trace in its headers."""
        yield

    @contextmanager
    def querying(self, statement: str) -> Iterator[None]:  # noqa: ARG002
        """Tell of a statement of the database."""
        yield

    def say(self, text: str, **attributes: str | int) -> None:
        """Log something that happened."""

    def warn(self, text: str) -> None:
        """Log something that should not be so."""

    def close(self) -> None:
        """Send what was not sent yet."""


def instruments_of(service: str) -> Instruments:
    """Return the instruments of a service: OpenTelemetry's where a receiver is named, and the SDK is installed."""
    if not os.environ.get(ENDPOINT) or find_spec("opentelemetry.sdk") is None:
        return Instruments()
    from demo.opentelemetry_instruments import OpenTelemetry  # noqa: PLC0415  the SDK is no need of the shop

    return OpenTelemetry(service)
