"""How long before users a prober sees the demo's faults: `python -m benchmarks.lead_times [--rates 0.01 0.1 1]`.

Visits are simulated: Poisson at a rate, each of four pages whose LCP is lognormal about 1.5 s, in a day before the
fault and the hour of it; a prober looks every minute, at a phase by chance, and sees what the fault does each time.
That it sees it at once is assumed. Page views are inserted into the engine, and lead times are reckoned by the code
that reports use. Of faults that no browser reports (a dead button, a wrong price, memory, a certificate that ends) the
first visit with trouble is one of those that there are on any day.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from tests.dashboard.telemetry_scene import page_view

from outrider.real_users import DAY_US, Trouble, ViewFilter, lead_time, lead_times
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess
from outrider.telemetry_store.page_view_search import PageViewSearch
from outrider.telemetry_store.schema_upgrade import upgrade_schema

if TYPE_CHECKING:
    from outrider.real_users import LeadTime, PageView

BEGIN_US: Final = 1_780_000_000_000_000
HOUR_US: Final = 3_600 * 10**6
PROBED_US: Final = 60 * 10**6
PAGES: Final = 4
USUAL_ERRORS: Final = 0.002
BUYING: Final = 0.05
"""Of visits, the share that pays."""
FAULTS: Final = {
    "slow-query": (Trouble.SLOW, 800.0, 0.0), "n-plus-one": (Trouble.SLOW, 500.0, 0.0),
    "slow-third-party": (Trouble.SLOW, 1_500.0, 0.0),
    "errors": (Trouble.ERROR, 0.0, 0.5), "broken-button": (Trouble.ERROR, 0.0, 0.0),
    "script-error": (Trouble.ERROR, 0.0, 1 / PAGES), "wrong-price": (Trouble.ERROR, 0.0, 0.0),
    "memory-growth": (Trouble.SLOW, 0.0, 0.0), "slow-drift": (Trouble.SLOW, 100.0, 0.0),
    "hang": (Trouble.ERROR, 0.0, 1.0), "payment-error": (Trouble.ERROR, 0.0, BUYING / PAGES),
    "certificate": (Trouble.ERROR, 0.0, 0.0),
}  # fmt: skip
"""What users meet, by how many ms each page is later, and which share of pages shows an error."""


def views(rng: np.random.Generator, name: str, rate: float) -> list[PageView]:
    """Return the first view with trouble of each visit, or one of another."""
    _, later_ms, errors = FAULTS[name]
    count = int(rng.poisson(rate * (DAY_US + HOUR_US) / 1e6))
    at_us = np.sort(rng.uniform(BEGIN_US - DAY_US, BEGIN_US + HOUR_US, count)).astype(int)
    during = at_us >= BEGIN_US
    slower_ms = later_ms * during * (np.maximum(at_us - BEGIN_US, 0) / HOUR_US if name == "slow-drift" else 1)
    lcp_ms = (1_500 * np.exp(rng.normal(0, 0.35, (PAGES, count)))).max(axis=0) + slower_ms
    shares = np.where(during, max(errors, USUAL_ERRORS), USUAL_ERRORS)
    fails = np.asarray(np.any(rng.random((PAGES, count)) < shares, axis=0))
    return [
        page_view(
            0, start_us=int(at), session=f"{number:032x}", view=f"{number:016x}", url=f"https://{name}-{rate}.example/",
            lcp_ms=float(lcp), inp_ms=80.0, ttfb_ms=200.0, errors=int(fail), failed_calls=0, events="[]",
            resources="[]", service=f"{name}-{rate}",
        )
        for number, (at, lcp, fail) in enumerate(zip(at_us, lcp_ms, fails, strict=True))
    ]  # fmt: skip


def lead_of(search: PageViewSearch, rng: np.random.Generator, name: str, rate: float) -> LeadTime | None:
    """Return the lead time over the users of one fault."""
    search.insert_page_views(views(rng, name, rate), token=f"{name} {rate}")
    seen_us = BEGIN_US + int(rng.uniform(0, PROBED_US))
    since_us = seen_us - PROBED_US
    before, after = (
        search.troubled_visits(ViewFilter(begin, end, host=f"{name}-{rate}.example"), FAULTS[name][0])
        for begin, end in ((since_us - DAY_US + HOUR_US, since_us), (since_us, BEGIN_US + HOUR_US))
    )
    return lead_time(seen_us, since_us, before, after)


def main() -> None:
    """Print each fault's lead times, and those of all by rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", nargs="+", type=float, default=[0.01, 0.1, 1.0])
    rates = parser.parse_args().rates
    with (
        tempfile.TemporaryDirectory() as folder,
        EngineProcess(EngineOptions(Path(folder) / "engine")) as engine,
    ):
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        upgrade_schema(client)
        search = PageViewSearch(client)
        for rate in rates:
            known = {name: lead_of(search, np.random.default_rng([number, 20]), name, rate) for number, name in
                     enumerate(FAULTS)}  # fmt: skip
            for name, lead in known.items():
                print(rate, name, lead and (lead.over_first_us, lead.over_hundredth_us, lead.usual_share))
            print(rate, lead_times([lead for lead in known.values() if lead is not None]))
        client.close()


if __name__ == "__main__":
    main()
