"""What telemetry costs until it can be found: `python -m benchmarks.telemetry_ingest [--records N] [--signal logs]`.

Batches of 1,000 records, each with a text, times and ids of its own, are made beforehand as protobuf of OTLP, and sent
over HTTP by this process to the ingest of a workspace in a process of its own, with the embedded engine in another.
Measured is the processor time of these two, until the last record can be found. Printed are records per second of the
processor, twice that (what two cores do, without what clients cost), and the time from sending one more record until a
query finds it. Wanted: 40,000 log records or 25,000 spans per second of two cores, and 2 s.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outrider.app.access.workspace_access import open_store
from outrider.app.telemetry.telemetry_ingest import TelemetryIngest
from outrider.telemetry_store.clickhouse_client import ClickHouseClient, ServerAddress
from outrider.telemetry_store.engine_process import EngineOptions, EngineProcess
from outrider.telemetry_store.schema_upgrade import upgrade_schema
from outrider.telemetry_store.telemetry_inserts import TelemetryTables
from outrider.workspace import load

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from outrider.telemetry_store.engine_record import EngineRecord

BATCH = 1_000
SERVICES = ("front", "catalogue", "payment")
TABLES = {"logs": "otel_logs", "traces": "otel_traces"}
FORMS = (
    "order {0} of user {1} paid in {2} ms",
    "GET /products/{1} took {2} ms, {0} bytes",
    "cache miss for product {1} in shard {2}",
    "retry {2} of job {0} after time-out of worker {1}",
)


def ingest(root: Path, record: EngineRecord, pipe: Connection) -> None:
    """Take telemetry until told to end; say the address first."""
    workspace = load(root)
    client = ClickHouseClient(ServerAddress.of_engine(record))
    upgrade_schema(client)
    with open_store(workspace) as store, TelemetryIngest(workspace, store, TelemetryTables(client)) as running:
        pipe.send(running.address)
        pipe.recv()
    client.close()


def attributes(**values: str) -> list[dict[str, Any]]:
    return [{"key": name.replace("_", "."), "value": {"string_value": value}} for name, value in values.items()]


def log_batch(number: int) -> bytes:
    now = time.time_ns()
    records = [
        {
            "time_unix_nano": now + k * 1_000, "severity_number": 9, "severity_text": "INFO",
            "body": {"string_value": FORMS[k % 4].format(number * BATCH + k, k * 7_919 % 9_973, k % 313)},
            "attributes": attributes(http_route=f"/r{k % 20}", order_id=str(number * BATCH + k), thread=f"t{k % 8}",
                                     code_function=f"handle_{k % 40}"),
            "trace_id": os.urandom(16) if k % 10 < 7 else b"", "span_id": os.urandom(8) if k % 10 < 7 else b"",
        }
        for k in range(BATCH)
    ]  # fmt: skip
    resource = {"attributes": attributes(service_name=SERVICES[number % 3], host_name="one", service_version="v2.4")}
    group = {"resource": resource, "scope_logs": [{"scope": {"name": "shop"}, "log_records": records}]}
    return bytes(ExportLogsServiceRequest(resource_logs=[group]).SerializeToString())  # type: ignore[list-item]


def span_batch(number: int) -> bytes:
    now = time.time_ns() - 10**9
    spans = [
        {
            "trace_id": (number * BATCH + k // 5 + 1).to_bytes(16, "big"), "span_id": os.urandom(8),
            "parent_span_id": os.urandom(8) if k % 5 else b"", "name": f"operation {k % 50}", "kind": 1 + k % 3,
            "start_time_unix_nano": now + k * 1_000, "end_time_unix_nano": now + k * 1_000 + 10**6 * (1 + k % 97),
            "attributes": attributes(http_route=f"/r{k % 20}", order_id=str(number * BATCH + k), db_system="sqlite",
                                     code_function=f"handle_{k % 40}"),
            "status": {"code": 2 if k % 100 == 0 else 0},
        }
        for k in range(BATCH)
    ]  # fmt: skip
    resource = {"attributes": attributes(service_name=SERVICES[number % 3], host_name="one", service_version="v2.4")}
    group = {"resource": resource, "scope_spans": [{"scope": {"name": "shop"}, "spans": spans}]}
    return bytes(ExportTraceServiceRequest(resource_spans=[group]).SerializeToString())  # type: ignore[list-item]


def busy_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--signal", choices=TABLES, default="logs")
    options = parser.parse_args()
    make, path = (log_batch if options.signal == "logs" else span_batch), f"/v1/{options.signal}"
    batches = [make(number) for number in range(options.records // BATCH)]
    with tempfile.TemporaryDirectory() as folder, EngineProcess(EngineOptions(Path(folder) / "engine")) as engine:
        root = Path(folder)
        (root / "outrider.toml").write_text('[telemetry]\nlisten = "127.0.0.1:0"\n', encoding="utf-8")
        ours, theirs = multiprocessing.Pipe()
        child = multiprocessing.get_context("spawn").Process(target=ingest, args=(root, engine.record, theirs))
        child.start()
        address = ours.recv()
        client = ClickHouseClient(ServerAddress.of_engine(engine.record))
        processes = {"ingest": psutil.Process(child.pid), "engine": psutil.Process(engine.record.pid)}
        before = {name: busy_s(process) for name, process in processes.items()}
        headers = {"content-type": "application/x-protobuf"}
        count = f"SELECT count() FROM outrider.{TABLES[options.signal]}"
        with httpx.Client(base_url=address, timeout=60) as sender:
            began = time.monotonic()
            for batch in batches:
                sender.post(path, content=batch, headers=headers).raise_for_status()
            sent_s = time.monotonic() - began
            while client.query(count).rows[0][0] < len(batches) * BATCH:
                time.sleep(0.1)
            busy = {name: busy_s(process) - before[name] for name, process in processes.items()}
            sender.post(path, content=make(len(batches)), headers=headers).raise_for_status()
            began = time.monotonic()
            while client.query(count).rows[0][0] == len(batches) * BATCH:
                time.sleep(0.02)
            found_s = time.monotonic() - began
        memory = {name: process.memory_info().rss / 1e6 for name, process in processes.items()}
        client.close()
        ours.send(None)
        child.join()
    total, number = sum(busy.values()), len(batches) * BATCH
    parts = ", ".join(f"{name} {busy[name] / number * 1e6:.1f} us and {memory[name]:.0f} MB" for name in busy)
    rate = number / total
    print(f"{number:,} {options.signal}: {rate:,.0f} per second of the processor, {2 * rate:,.0f} of two")
    print(f"a record: {parts}; sent in {sent_s:.1f} s; found after {found_s:.2f} s")


if __name__ == "__main__":
    main()
