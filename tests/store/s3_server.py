"""An S3 server for the tests: moto's, asked over HTTP, with a door in front of it that can refuse."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

IS_HERE = find_spec("moto") is not None and find_spec("s3fs") is not None
_ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>{}</Message></Error>"
SLOW_DOWN = (503, "SlowDown", "Please reduce your request rate.")
WRONG_KEY = (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")


@dataclass
class S3Server:
    """A server that answers, or refuses the next requests with a status, a code and a message.

    Attributes:
        asked: Method and query of each request.
    """

    url: str = ""
    refuses: tuple[int, str, str] | None = None
    refusals: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def provide_access(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set the variables that name the server and who asks it."""
        access = {"ENDPOINT_URL": self.url, "ACCESS_KEY_ID": "ada", "SECRET_ACCESS_KEY": "secret"}
        for name, value in (access | {"EC2_METADATA_DISABLED": "true"}).items():
            monkeypatch.setenv(f"AWS_{name}", value)

    def refuse(self, answer: tuple[int, str, str], times: int = 1_000_000) -> None:
        self.refuses, self.refusals = answer, times

    def recover(self) -> None:
        self.refusals = 0


@contextmanager
def started() -> Iterator[S3Server]:
    """Yield a server with a bucket named `evidence`."""
    import boto3
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    server = S3Server()
    answers = DomainDispatcherApplication(create_backend_app)

    def door(environ: dict[str, Any], respond: Any) -> Iterable[bytes]:
        server.asked.append((environ["REQUEST_METHOD"], environ["QUERY_STRING"]))
        if server.refusals and server.refuses is not None:
            server.refusals -= 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            status, code, message = server.refuses
            respond(f"{status} {code}", [("Content-Type", "application/xml")])
            return [_ERROR.format(code, message).encode()]
        return answers(environ, respond)  # type: ignore[no-any-return]

    listener = make_server("127.0.0.1", 0, door, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{listener.server_port}"
    keys = {"aws_access_key_id": "ada", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=server.url, **keys).create_bucket(Bucket="evidence")
    yield server
    listener.shutdown()
    listener.server_close()
    thread.join()
