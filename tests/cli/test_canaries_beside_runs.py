"""No secret passes beside the runs: notes of jobs and receivers, problems of the service, its log, and errors."""

from __future__ import annotations

import asyncio
import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

import httpx
import pytest
import structlog
from structlog.testing import capture_logs
from tests.builders import new_store
from tests.canaries import FORMS, SECRET, TOKEN, UNDECLARED, spellings, stored
from tests.cli.conftest import invoke

from outrider.alerts import Lane
from outrider.alerts.alert_settings import ReceiverSettings
from outrider.alerts.message import Message, dump
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.rendered_message import RecipientsRefused, Undelivered
from outrider.cli.echo import echo
from outrider.cli.error_report import internal
from outrider.cli.log_lines import redact_event
from outrider.cli.printable_console import PrintableConsole
from outrider.model import Check, CheckId, HeartbeatKeys, Kind, Notification, Policy
from outrider.scheduler import Health
from outrider.server import application
from outrider.workspace import available_secrets, forget_secrets_read, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrider.alerts.rendered_message import RenderedMessage
    from outrider.store import Store

NIGHTLY = CheckId("probe:nightly")
TEXTS = {**{f"declared: {form}": form_of(SECRET) for form, form_of in FORMS.items()}, **UNDECLARED}


@pytest.fixture(autouse=True)
def read_secrets(tmp_path: Path) -> Iterator[None]:
    """Read the secrets of a workspace, as every command does that needs them."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "outrider.toml").write_text('[secrets]\ncanary = {env = "CANARY"}\n')
    forget_secrets_read()
    available_secrets(load(folder), {"CANARY": SECRET})
    yield
    forget_secrets_read()


class Talkative:
    """A receiver that refuses with a text, in each way that there is."""

    kinds = frozenset(NotificationKind)

    def __init__(self, error: Exception) -> None:
        self._error = error

    def deliver(self, rendered: RenderedMessage) -> None:
        del rendered
        raise self._error


def call(store: Store, text: str) -> None:
    """Call a heartbeat with the text as its body, and at the very end of what is read of a longer one."""
    store.checks.record([Check(NIGHTLY, Kind.PROBE, "probes/p.toml", "nightly", "nightly", Policy())], 1)
    ticks = iter(range(1, 10))
    app = application(store.heartbeats, HeartbeatKeys({"nightly-token": NIGHTLY}), lambda: next(ticks))

    async def send(body: bytes) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://outrider.test") as client:
            assert (await client.post("/heartbeat/nightly-token/1", content=body)).status_code == 200

    for before in (0, 9_990, 19_990):
        asyncio.run(send(b"." * before + text.encode() + b"." * 30_000 * bool(before)))


def deliver(store: Store, text: str) -> None:
    """Send messages to receivers that answer with the text, and to one that is told what another answered."""
    errors = [
        Undelivered(text, recoverable=True),
        Undelivered(text, recoverable=False),
        RecipientsRefused(text, temporary=["a@shop.test"], permanent=["b@shop.test"], accepted=True),
        RuntimeError(text),
    ]
    for number, error in enumerate(errors):
        receiver = ReceiverSettings(f"r{number}", Talkative(error), fallback="pager", fallback_after_us=0)
        message = Message(NotificationKind.TRIGGER, f"t{number}", "home: refused", "critical", (), 1)
        store.outbox.add(Notification(f"n{number}", receiver.name, f"t{number}", "trigger", 1, 1, dump(message)))
        Lane(receiver, store.outbox, now_us=lambda: 2).work()


def raised(text: str) -> Exception:
    """Return an error with a traceback that holds the text."""
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError(text)
    return caught.value


def said(text: str) -> str:
    """Return what the log, the console and the error report say of a text."""
    out, error = io.StringIO(), raised(text)
    event = {"event": text, "why": error, "where": [{text: (text,)}, text.encode()], "count": 1, "exception": text}
    logged = redact_event(structlog.get_logger(), "error", event)
    with redirect_stdout(out), redirect_stderr(out):
        echo(internal(error))
        echo(text, err=True)
    PrintableConsole(file=out, width=5_000).print(text, markup=False)
    assert logged["count"] == 1
    kept = re.search(r"traceback is in (\S+)", out.getvalue())
    assert kept is not None
    with open(kept[1], encoding="utf-8") as file:  # noqa: PTH123 - its name comes from the text
        return f"{json.dumps(logged)}\n{logged!r}\n{out.getvalue()}\n{file.read()}"


@pytest.mark.parametrize("form", TEXTS)
def test_a_secret_is_nowhere_beside_the_runs(form: str, tmp_path: Path) -> None:
    """Notes of jobs, answers of receivers, problems, log lines and errors pass the gate, in whatever form it is."""
    text = TEXTS[form]
    folder = tmp_path / "store"
    folder.mkdir()
    with new_store(folder / "outrider.db", artifacts=folder / "artifacts") as store, capture_logs() as logs:
        call(store, text)
        deliver(store, text)
        health = Health()
        health.wrong("reports", f"it says {text}")
        texts = [repr(store.heartbeats.get(NIGHTLY)), repr(health.problems), repr(logs), said(f"see {text} here")]

    needles = spellings(text) | ({TOKEN.encode()} if TOKEN in text else {SECRET.encode()})
    everything = [*(shown.encode(errors="surrogatepass") for shown in texts), *stored(folder)]
    assert [piece[:200] for piece in everything for needle in needles if needle in piece] == []
    assert any(b"***" in piece for piece in stored(folder))


def test_an_error_of_the_command_line_names_no_secret(tmp_path: Path) -> None:
    """A value that cannot be used is quoted in the problem; one that is a declared secret is hidden, in JSON too."""
    folder = tmp_path / "workspace"
    (folder / "probes").mkdir()
    secret = "hunter2-and-more"
    (folder / "probes" / "p.toml").write_text(f'[home]\nkind = "tcp"\naddress = "{secret}"\n')

    finished = [invoke(folder, *words, CANARY=secret) for words in (["validate"], ["validate", "--json"], ["ls"])]

    assert [done.stderr + done.stdout for done in finished if secret in done.stderr + done.stdout] == []
    assert "***" in finished[0].stderr


def test_a_comment_that_holds_a_credential_is_stored_without_it(tmp_path: Path) -> None:
    """Of a silence, and of a pause; people paste what they see."""
    folder = tmp_path / "workspace"
    (folder / "probes").mkdir()
    (folder / "probes" / "p.toml").write_text('[home]\nkind = "tcp"\naddress = "127.0.0.1:1"\n')
    invoke(folder, "run")
    comment = f"see https://ada:{TOKEN}@shop.test/"

    finished = [
        invoke(folder, "silence", "kind=probe", "--for", "1h", "--comment", comment),
        invoke(folder, "pause", "probe:*", "--reason", comment),
    ]

    assert [done.returncode for done in finished] == [0, 0], [done.stderr for done in finished]
    assert [piece[:200] for piece in stored(folder / ".outrider") if TOKEN.encode() in piece] == []
