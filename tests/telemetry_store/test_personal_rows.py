"""What telemetry keeps of one person is erased, and what the engine still has on its disk is said."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.waiting import until

from outrider.model import Identifier, IdentifierKind, Person
from outrider.telemetry_store.personal_rows import PersonalRows
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.telemetry_inserts import TelemetryTables

from .samples import log_record

if TYPE_CHECKING:
    from outrider.telemetry_store.clickhouse_client import ClickHouseClient


def test_files_of_before_that_somebody_reads_are_said_to_be_left(client: ClickHouseClient) -> None:
    """A query holds a part that was replaced; once it is over, nothing is left."""
    person = Person([Identifier(IdentifierKind.USER, "customer-4711")])
    upgrade_schema(client)
    bodies = ("cart of customer-4711", "of others", "paid by customer-4711")
    TelemetryTables(client).insert_logs([log_record("shop", body) for body in bodies[:2]], token="a")
    slow = f"SELECT sum(sleepEachRow(1)) FROM `{client.database}`.otel_logs"
    reader = threading.Thread(target=client.query, args=(slow,))
    reader.start()
    until(lambda: bool(client.query("SELECT 1 FROM system.processes WHERE query LIKE '%sum(sleepEachRow(1%'").rows[1:]))

    held = PersonalRows(client, cleared_s=0.0).erase(person)
    reader.join()
    TelemetryTables(client).insert_logs([log_record("shop", bodies[2])], token="b")
    freed = PersonalRows(client).erase(person)

    assert held.left == ("files of before of otel_logs, which the engine removes within minutes",)
    assert (held.counts, freed.counts, freed.left) == ({"otel_logs": 1}, {"otel_logs": 1}, ())
    assert client.query(f"SELECT Body FROM `{client.database}`.otel_logs").rows == [("of others",)]
