"""One page as a real user's browser saw it: what is kept of it, a row of the telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

ROBOT: Final = "robot"
"""The origin of a view whose browser says that a program steers it, or that it is a crawler."""


class PageView(NamedTuple):
    """A page view, as far as it has been told of; a later sequence of the same view replaces an earlier one.

    Attributes:
        start_us: When it began, by this machine's clock.
        session: 32 hexadecimal digits, and `view` 16.
        sequence: Grows with each beacon of a view, from 1.
        page: Its path, with a star for each part that looks like an identifier, or the name that the page gives itself.
        url: Without query and fragment; `previous` is where the user came from.
        navigation: `navigate`, `reload`, `back_forward`, `back-forward-cache`, `prerender` or `app` (of a
            single-page app).
        network: The first 24 bits of an address, 48 of IPv6.
        user: A keyed digest of what the page calls its user; "" for nobody.
        origin: "" for a user, else `synthetic`, `load` or `robot`.
        lcp_ms: Of the document; None where it is not known, as of a view that began without one.
        cls: A score without a unit.
        causes: What vitals are made of: `lcp.element`, `inp.delay` (ms), …
        resources: JSON, kind, address, number, ms in all, ms of the slowest, bytes, failed; as the browser sums up.
        events: JSON: ms since the beginning, kind, text, and what the kind adds.
        cache: `empty`, `warm` or `cached`, as `cache_state` says; "" where the browser does not tell.
        power: `low`, `middle` or `high`, as `power_of` says; "" likewise.
        crashes: Of its errors, those that nobody caught.
    """

    start_us: int
    project: int
    service: str
    environment: str
    release: str
    session: str
    view: str
    sequence: int
    page: str
    url: str
    previous: str
    navigation: str
    device: str
    browser: str
    system: str
    connection: str
    country: str
    network: str
    user: str
    origin: str
    trace_id: str
    duration_ms: int
    lcp_ms: float | None
    inp_ms: float | None
    cls: float | None
    fcp_ms: float | None
    ttfb_ms: float | None
    causes: Mapping[str, str]
    errors: int
    rage_clicks: int
    dead_clicks: int
    long_tasks: int
    long_task_ms: int
    calls: int
    failed_calls: int
    resources: str
    events: str
    cache: str = ""
    power: str = ""
    crashes: int = 0
