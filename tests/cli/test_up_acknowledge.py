"""From a failing check to the audit log, by a mail and a browser, with a real service."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.cli.conftest import CALM, Desk
from tests.cli.test_up import up
from tests.listeners import free_port
from tests.mail_server import mail_server
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_who_gets_the_mail_takes_the_incident_on_by_its_link_and_only_once(
    tmp_path: Path, site: str, chromium: Browser
) -> None:
    """The page says so, then the list of incidents and the audit log; whoever finds the link later is refused."""
    desk = Desk(tmp_path / "ws", tmp_path / "tmp", in_process=True)
    desk.root.mkdir()
    desk.temporary.mkdir()
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    desk.write("outrider.toml", CALM + '[defaults]\nevery = "1s"\n')
    desk.write("probes/shop.toml", f'[pay]\nkind = "http"\nurl = "{site}/nothing-here"\n')
    with mail_server() as inbox, ExitStack() as services:
        links = f'[delivery]\nlinks = "{address}/"\n[route]\nreceivers = ["mail"]\n'
        receiver = f'[receiver.mail]\nkind = "mail"\nserver = "{inbox.server}"\nto = ["ada@shop.example"]\n'
        desk.write("scheduler/alerts.toml", links + receiver)
        service = services.enter_context(up(desk, port))
        until(lambda: len(inbox.mails) > 0, service.lines)
        text = inbox.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        link = re.search(rf"{address}/acknowledge/\S+", text)
        assert link is not None, text
        until(lambda: service.page("/readyz") == (200, "ready\n"), service.lines)  # for which a mail does not wait

        page = chromium.new_page()
        page.goto(link[0])
        (before,) = desk.json("incidents", "--json")["incidents"]
        page.get_by_role("button", name="Acknowledge as ada@shop.example").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("You have acknowledged this incident")
        until(lambda: desk.json("incidents", "--json")["incidents"][0]["phase"] == "acknowledged", service.lines)
        (after,) = desk.json("incidents", "--json")["incidents"]
        page.get_by_role("link", name="The page of the incident").click()
        expect(page.get_by_role("main")).to_contain_text("acknowledged by ada@shop.example")
        page.close()
        thief = chromium.new_page()
        answer = thief.goto(link[0])
        assert answer is not None
        expect(thief.get_by_role("status")).to_have_text("This link was used already.")
        expect(thief.get_by_role("button")).to_have_count(0)
        thief.close()
        assert service.end() == 0

    assert (before["phase"], before["acknowledged_by"]) == ("open", "")
    assert after["acknowledged_by"] == "ada@shop.example"
    assert answer.status == 410
    (entry,) = [entry for entry in desk.json("audit", "--json") if entry["action"] == "incident.acknowledge"]
    assert (entry["actor"], entry["subject"]) == ("ada@shop.example", after["id"])
    assert entry["origin"].startswith("link of a mail, from 127.0.0.1")
    assert desk.leftovers() == []
