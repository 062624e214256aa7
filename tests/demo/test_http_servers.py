"""`python -m demo`, as a process on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from demo.__main__ import main
from demo.http_servers import PortTaken, listen
from tests.listeners import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@contextmanager
def _started(temporary: Path, *arguments: str) -> Iterator[dict[str, str]]:
    """Start a shop, give its addresses once it answers, and stop it as a supervisor would."""
    command = [sys.executable, "-m", "demo", "--port", "0", "--third-party-port", "0", *arguments]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0


def _get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=30)


@pytest.mark.slow
def test_both_origins_answer_and_nothing_is_left_behind(tmp_path: Path) -> None:
    """One process serves both origins, each with its own pages, and takes its temporary data with it."""
    with _started(tmp_path) as urls:
        home, badge = _get(urls["shop"]), _get(urls["third_party"] + "/badge.svg")
        swapped = _get(urls["shop"] + "/badge.svg")

    assert urls["third_party"] + "/badge.svg" in home.text
    assert badge.headers["content-type"] == "image/svg+xml"
    assert swapped.status_code == 404
    assert list(tmp_path.glob("milepost-*")) == []


@pytest.mark.slow
def test_data_in_a_file_outlives_the_process(tmp_path: Path) -> None:
    """With --data a second start finds the first one's orders."""
    data = str(tmp_path / "kept.db")
    address = {"recipient": "Ada", "street": "1 Post Road", "city": "Milepost"}

    with _started(tmp_path, "--data", data) as urls, _signed_in(urls["shop"]) as ada:
        ada.put("/api/cart", json={"product": "enamel-mug"})
        ada.post("/checkout", data=address)
    with _started(tmp_path, "--data", data) as urls, _signed_in(urls["shop"]) as ada:
        orders = ada.get("/api/orders").json()["orders"]

    assert [order["number"] for order in orders] == [1003, 1001]


@contextmanager
def _signed_in(url: str) -> Iterator[httpx.Client]:
    password = os.environ.get("SHOP_PASSWORD", "outrider-demo")
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        client.post("/sign-in", data={"email": "ada@example.com", "password": password})
        yield client


def test_a_hanging_request_does_not_keep_the_shop_from_stopping(tmp_path: Path) -> None:
    """A shop whose requests hang still ends when told to."""
    with _started(tmp_path) as urls:
        httpx.put(urls["shop"] + "/admin/faults/hang", trust_env=False)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(urls["shop"], trust_env=False, timeout=0.2)


def test_a_taken_port_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the port and the option that changes it."""
    handler = signal.getsignal(signal.SIGTERM)
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        code = main(["--port", str(port), "--third-party-port", "0"])

    signal.signal(signal.SIGTERM, handler)
    assert code == 2
    error = capsys.readouterr().err
    assert f"127.0.0.1:{port} is taken by another program" in error
    assert "--port" in error


def test_the_third_party_is_beside_the_shop(capsys: pytest.CaptureFixture[str]) -> None:
    """So that a second shop needs one option: a fixed port of its third party would be the first one's."""
    handler = signal.getsignal(signal.SIGTERM)
    shop = free_port()
    with listen("127.0.0.1", shop + 1), listen("127.0.0.1", 0) as other:
        code = main(["--port", str(shop), "--tls-port", str(other.getsockname()[1])])

    signal.signal(signal.SIGTERM, handler)
    assert code == 2
    assert f"127.0.0.1:{shop + 1} is taken by another program" in capsys.readouterr().err


def test_a_taken_port_is_an_error_of_its_own() -> None:
    """Only a port that is taken is called taken."""
    with listen("127.0.0.1", 0) as taken, pytest.raises(PortTaken):
        listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(OSError, match="assign"):
        listen("192.0.2.1", 0)
