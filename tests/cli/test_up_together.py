"""Two services on one PostgreSQL, each in a workspace of its own as on two hosts, behind one address."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import cycle
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import create_engine, make_url, text
from tests.cli.conftest import CALM, WAIT_S, Desk
from tests.cli.test_up import Up, up
from tests.store.contract.postgresql_server import IS_HERE, started
from tests.waiting import until

from outrider.app import find_workspace
from outrider.app.locations.location_client import HttpLink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not IS_HERE, reason="no PostgreSQL is installed")]

PASSWORD = "correct horse battery"
PART = 1 << 20


class Balancer:
    """Hands each connection to the next of several ports."""

    def __init__(self, *ports: int) -> None:
        self._ports = cycle(ports)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.served: list[int] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.served.append(next(self._ports))
                threading.Thread(target=_connect, args=(client, self.served[-1]), daemon=True).start()

    def close(self) -> None:
        self._listener.close()


def _connect(client: socket.socket, port: int) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
        back.start()
        _pass_on(client, server)
        back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@dataclass
class Together:
    """The services, and a browser that sees one address and comes to either in turn."""

    leader: Up
    pages: Up
    desk: Desk
    balancer: Balancer
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def send(self, method: str, path: str, **sent: object) -> httpx.Response:
        """Send something over a connection of its own."""
        with httpx.Client(base_url=self.address, cookies=self.cookies, timeout=20) as client:
            answer = client.request(method, path, headers={"Sec-Fetch-Site": "same-origin"}, **sent)  # type: ignore[arg-type]
            self.cookies = httpx.Cookies(client.cookies)
        return answer

    def sign_in(self) -> httpx.Response:
        return self.send("POST", "/sign-in", data={"name": "ada", "password": PASSWORD, "next": "/"})

    def submit(self, page: str, path: str, **fields: str) -> httpx.Response:
        """Send a form with the token of a page that was read before."""
        token = re.search(r'name="form_token" value="(\w+)"', self.send("GET", page).text)
        assert token is not None
        return self.send("POST", path, data={"form_token": token[1], **fields})

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.balancer.port}"

    @property
    def lines(self) -> list[str]:
        return self.leader.lines + self.pages.lines


def port_of(service: Up) -> int:
    return int(json.loads(service.wait_for("pages.answer"))["port"])


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory, site: str) -> Iterator[Together]:
    folder = tmp_path_factory.mktemp("hosts")
    with started() as server, server.empty_database() as url, ExitStack() as stack:
        leader, pages = (host(folder / name, folder, url, site) for name in ("one", "two"))
        services = [stack.enter_context(up(leader)), stack.enter_context(up(pages, 0, "--role", "web"))]
        balancer = Balancer(*map(port_of, services))
        stack.callback(balancer.close)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
            assert leader.outrider("users", "add", "ada", "--role", "admin").returncode == 0
        until(lambda: services[0].page("/readyz") == (200, "ready\n"), services[0].lines)
        until(lambda: services[1].page("/readyz")[0] == 200, services[1].lines)
        yield Together(services[0], services[1], leader, balancer)
        for service in services:
            service.process.terminate()
        assert [service.process.wait(WAIT_S) for service in services] == [0, 0]


def host(root: Path, folder: Path, url: str, site: str) -> Desk:
    """Return the workspace as a host has it: nothing but store and artifacts is shared."""
    desk = Desk(root, folder / f"{root.name}-tmp", in_process=True)
    root.mkdir()
    desk.temporary.mkdir()
    store = f'[store]\nurl = "{url}"\nartifacts = "{folder}/artifacts"\n'
    desk.write("outrider.toml", CALM + store + '[server]\nopen_on_loopback = false\n[defaults]\nevery = "1h"\n')
    probes = f'[home]\nkind = "http"\nurl = "{site}/tiny"\n[pay]\nkind = "http"\nurl = "{site}/no"\nevery = "2s"\n'
    desk.write("probes/a.toml", probes)
    return desk


def test_people_work_at_either_service_as_at_one(together: Together) -> None:
    """Sign-in, forms, live updates, run now, acknowledgements and signed addresses know no host."""
    closed = together.send("GET", "/")
    signed_in = together.sign_in()
    overviews = [together.send("GET", "/") for _ in range(2)]

    assert (closed.status_code, signed_in.status_code) == (303, 303)
    assert ["Another process runs the checks." in page.text for page in overviews] in ([True, False], [False, True])
    assert [page.status_code for page in overviews] == [200, 200]

    pages = f"http://127.0.0.1:{port_of(together.pages)}"
    with httpx.stream("GET", f"{pages}/live", cookies=together.cookies, timeout=30) as stream:
        events = stream.iter_lines()
        next(line for line in events if line.startswith("retry"))
        asked = together.submit("/account", "/checks/probe:probes/a.toml::home/run")
        told = next(line for line in events if line.startswith("data") and "a.toml::home" in line)
    assert asked.status_code == 303
    assert json.loads(told.removeprefix("data: "))["checks"]
    assert any("run.stored" in line for line in together.leader.lines)
    assert not any("run.stored" in line for line in together.pages.lines)

    until(lambda: together.send("GET", "/api/v1/incidents").json()["items"] != [], together.lines)
    (incident,) = together.send("GET", "/api/v1/incidents").json()["items"]
    path = f"/incidents/{incident['id']}"
    assert together.submit(path, f"{path}/acknowledge").status_code == 303
    until(lambda: "acknowledged by ada" in together.send("GET", path).text, together.lines)
    assert together.submit("/silences", "/silences", matchers="check=~.*home", **{"for": "1h"}).status_code == 303
    assert ["home" in together.send("GET", "/silences").text for _ in range(2)] == [True, True]
    keys = {key.read_bytes() for key in together.desk.root.parent.glob("*/.outrider/artifact-key")}
    assert len(keys) == 1
    assert set(together.balancer.served[-2:]) == set(map(port_of, (together.leader, together.pages)))


def test_a_workers_file_may_go_to_both(together: Together) -> None:
    """What one service has got of it the other goes on from."""
    printed = together.desk.outrider("location", "add", "fra").stdout
    token = next(word for word in printed.split() if word.startswith("outrider_worker_"))
    content = b"evidence" * (3 * PART // 8 + 1)
    digest = sha256(content).hexdigest()
    path, headers = f"/api/v1/worker/artifacts/{digest}", {"Authorization": f"Bearer {token}"}
    query = f"?offset=0&total={len(content)}"

    first = httpx.put(f"{together.address}{path}{query}", content=content[:PART], headers=headers).json()
    known = [httpx.get(f"{together.address}{path}", headers=headers).json()["bytes"] for _ in range(2)]
    HttpLink(together.address, token, "fra", "i").upload(digest, content)

    assert (first, known) == ({"stored": False, "bytes": PART}, [PART, PART])
    assert [httpx.get(f"{together.address}{path}", headers=headers).json()["stored"] for _ in range(2)] == [True, True]


def test_a_database_that_is_away_for_a_while_is_said_and_found_again(together: Together) -> None:
    """Runs that finished meanwhile are stored, and nothing is started again."""
    known = len([line for line in together.leader.lines if "run.stored" in line])
    admit(together, is_open=False)
    for service in (together.leader, together.pages):
        until(lambda: service.page("/readyz")[0] == 503, service.lines)  # noqa: B023 - it ends within
        service.wait_for("is not currently accepting connections")
    admit(together, is_open=True)
    until(lambda: together.leader.page("/readyz") == (200, "ready\n"), together.lines)
    until(lambda: together.pages.page("/readyz")[0] == 200, together.lines)
    together.leader.wait_for("run.stored", known + 2)

    assert together.sign_in().status_code == 303
    assert together.send("GET", "/").status_code == 200
    assert not any("process.ended" in line for line in together.lines)


def admit(together: Together, *, is_open: bool) -> None:
    """Have the server take connections to the database, or end them all and take none."""
    url = make_url(find_workspace(together.desk.root).store_url)
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS {is_open}"))
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(text(others), {"name": url.database})
    engine.dispose()
