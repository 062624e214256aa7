"""A node of RabbitMQ for the tests: Debian's, started in a folder of its own, with ports and an epmd of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import trustme
from tests.listeners import free_port
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAMS = Path("/usr/lib/rabbitmq/bin")  # the wrappers in PATH ask for a user of their own
_EPMD = shutil.which("epmd")
IS_HERE = (_PROGRAMS / "rabbitmq-server").exists() and _EPMD is not None and find_spec("celery") is not None


_TLS = """
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {folder}/ca.pem
ssl_options.certfile = {folder}/server.pem
ssl_options.keyfile = {folder}/server.pem
"""


class RabbitmqNode:
    """A node that runs, is stopped, killed and started again; its users are guest and those that are added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls_port, distribution, mapper = (free_port() for _ in range(4))
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"outrider{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
        }
        (folder / "plugins").write_text("[].")
        self.authority = folder / "ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        (folder / "rabbitmq.conf").write_text(_TLS.format(folder=folder, port=self.tls_port))
        assert _EPMD is not None
        self._mapper = subprocess.Popen([_EPMD, "-port", str(mapper), "-address", "127.0.0.1"])
        until(lambda: _listens(mapper), "epmd listens")  # otherwise the node starts one that outlives it
        self._node: subprocess.Popen[bytes] | None = None

    def url(self, user: str = "guest:guest", host: str = "") -> str:
        """Return the address of a virtual host for a user."""
        return f"amqp://{user}@127.0.0.1:{self.port}/{host}"

    def tls_url(self, *options: str, host: str = "localhost") -> str:
        """Return the address at which it speaks TLS, with options; its certificate is for localhost."""
        return f"amqps://guest:guest@{host}:{self.tls_port}/?{'&'.join(options)}"

    def start(self) -> None:
        """Start it, with what it held before."""
        log = self.folder / "out"
        with log.open("wb") as out:
            self._node = subprocess.Popen(
                [_PROGRAMS / "rabbitmq-server"], env=self._environment, stdout=out, stderr=out, start_new_session=True
            )
        until(lambda: b"Server startup complete" in log.read_bytes(), "RabbitMQ has started")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        assert self._node is not None
        os.killpg(self._node.pid, number)

    def kill(self) -> None:
        """End it as a crash does."""
        if self._node is not None:
            self.signal(signal.SIGKILL)
            self._node.wait(30)
            self._node = None

    def control(self, *words: str) -> str:
        """Return what `rabbitmqctl` prints."""
        command = [str(_PROGRAMS / "rabbitmqctl"), "--silent", *words]
        done = subprocess.run(command, env=self._environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def add_user(self, name: str, configure: str, write: str, read: str) -> None:
        """Add a user whose password is its name, with rights in the usual virtual host."""
        rights = ", ".join(f"<<{json.dumps(right)}>>" for right in (configure, write, read))
        self.evaluate(
            f'rabbit_auth_backend_internal:add_user(<<"{name}">>, <<"{name}">>, <<"t">>), '
            f'rabbit_auth_backend_internal:set_permissions(<<"{name}">>, <<"/">>, {rights}, <<"t">>).'
        )

    def evaluate(self, expression: str) -> str:
        """Return what an expression of Erlang is in the node; each call costs a second and a half."""
        return self.control("eval", expression)

    def close(self) -> None:
        """End it and what it started."""
        self.kill()
        self._mapper.kill()
        self._mapper.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def started() -> Iterator[RabbitmqNode]:
    """Yield a node that has started; its folder is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="mq") as folder:
        node = RabbitmqNode(Path(folder))
        try:
            node.start()
            yield node
        finally:
            node.close()
