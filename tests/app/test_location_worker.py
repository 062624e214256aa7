"""A worker measures for a real server over a real socket, which goes away while a run is under way."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.app.test_location_links import HOME, NOW_US, PASSWORD, Server, server
from tests.builders import run_of
from tests.store.conftest import make
from tests.waiting import until

from outrider.app import open_worker
from outrider.app.locations.result_spool import ResultSpool
from outrider.app.locations.sealed_box import SPOOL, ForgedMessage, SealedBox, token_digest
from outrider.model import HeldRun, Measurement, Outcome, UsageError
from outrider.runs import unpacked_run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.conftest import Maker

__all__ = ["make", "server"]


def test_a_result_survives_a_partition_and_a_killed_worker_and_nothing_secret_is_written(
    server: Server, tmp_path: Path
) -> None:
    """The server is an hour ahead, and gone before the run ends; the spool is delivered by the next worker."""
    with socket.create_server(("127.0.0.1", 0)) as target:
        target.settimeout(60)
        port = target.getsockname()[1]
        probe = f'[home]\nkind = "http"\nurl = "http://127.0.0.1:{port}/"\nlocations = ["fra"]\n'
        probe += 'headers = {X-Key = "${password}"}\n'
        (server.root / "probes" / "shop.toml").write_text(probe)
        server.renew()
        url = server.serve()
        run = server.order()
        folder = tmp_path / "worker"
        with open_worker(url, server.token, "fra", folder=folder, drain_s=5.0) as worker:
            thread = threading.Thread(target=worker.run)
            thread.start()
            connection, _ = target.accept()
            with connection:
                asked = connection.recv(65_536)
                server.links.pop()()
                connection.sendall(b"HTTP/1.1 500 down\r\nContent-Length: 0\r\n\r\n")
            target.close()
            until(lambda: any((folder / "spool").glob(f"{run}.*")))
            worker.stop()
            thread.join(60)

    written = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert PASSWORD.encode() in asked
    assert PASSWORD.encode() not in written
    assert b"status 500" not in written
    server.serve(int(urlsplit(url).port or 0))
    with open_worker(url, server.token, "fra", folder=folder, drain_s=5.0) as worker:
        thread = threading.Thread(target=worker.run)
        thread.start()
        until(lambda: len(server.store.locations.delivered()) == 1)
        worker.stop()
        thread.join(60)
        for location, why in (("fra", "another worker works in"), ("../fra", "cannot be the name of a location")):
            with pytest.raises(UsageError, match=why), open_worker(url, server.token, location, folder=folder):
                pass
    below_a_file = folder / "instance" / "worker"
    with pytest.raises(UsageError, match="cannot be written"), open_worker(url, "t", "fra", folder=below_a_file):
        pass
    delivered = unpacked_run(server.store.locations.delivered()[0].body)
    assert (delivered.id, delivered.check, delivered.location, delivered.outcome) == (run, HOME, "fra", Outcome.FAILED)
    assert abs(delivered.started_us - NOW_US) < 60_000_000
    assert list((folder / "spool").iterdir()) == []


def test_a_spool_is_whole_sealed_and_bounded(tmp_path: Path, make: Maker) -> None:
    """What was half written is not there, another token opens nothing, and files beyond the bound are named."""
    held, box = HeldRun(make.run().id, 1), SealedBox(token_digest("t"), SPOOL)
    measurement = Measurement(
        Outcome.FAILED, "no cart", NOW_US, 5.0, artifacts=(make.file(b"x" * 900), make.file(b"y" * 900))
    )
    ResultSpool(tmp_path / "s", box, most_bytes=1_000).put(held, run_of(measurement, id=held.run))
    (tmp_path / "s" / f".new-{held.run}.2").mkdir()

    spool = ResultSpool(tmp_path / "s", box)
    (result,) = spool.waiting()
    run = unpacked_run(spool.document(result))
    assert spool.held() == (held,)
    assert [content for _, content in spool.files(result)] == [b"x" * 900]
    assert run.attempts[0].measurement.omitted == ("trace.zip: the worker's spool is full",)
    with pytest.raises(ForgedMessage):
        ResultSpool(tmp_path / "s", SealedBox(token_digest("u"), SPOOL)).document(result)
    spool.remove(result)
    assert list((tmp_path / "s").iterdir()) == []
