"""`python -m demo.faults`, with the shop in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from demo.faults import FAULTS
from demo.faults.__main__ import Reply, run

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


@pytest.fixture
def command(shop: httpx.Client) -> Callable[..., int]:
    def send(method: str, url: str, content: dict[str, Any]) -> Reply:
        answer = shop.request(method, url, json=content)
        return Reply(answer.status_code, answer.json())

    return lambda *arguments: run([*arguments, "--url", "http://shop.test:8700/"], send)


def test_a_fault_is_switched_on_and_off(
    command: Callable[..., int], shop: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says what the fault now is."""
    codes = [command("slow-query", "250"), command("slow-query", "--off")]

    on, off = capsys.readouterr().out.splitlines()
    assert codes == [0, 0]
    assert "on, 250" in on
    assert " off " in off
    assert shop.get("/admin/faults/slow-query").json()["faults"][0]["on"] is False


def test_without_a_name_every_fault_is_listed(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """The list says name, state, unit and what breaks."""
    assert command() == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(FAULTS)


def test_off_without_a_name_switches_everything_off(command: Callable[..., int], shop: httpx.Client) -> None:
    """One command makes the shop healthy."""
    command("errors")
    command("hang")

    assert command("--off") == 0
    assert not any(fault["on"] for fault in shop.get("/admin/faults").json()["faults"])


@pytest.mark.parametrize(
    ("arguments", "message"), [(["gremlins"], "use one of: slow-query"), (["errors", "2"], "from 0 to 1")]
)
def test_a_refusal_is_told_and_exits_with_two(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """The shop's own message reaches the person at the command line."""
    assert command(*arguments) == 2
    assert message in capsys.readouterr().err


def test_a_shop_that_does_not_answer_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says which shop, why, and how to start one."""

    def refused(method: str, url: str, content: dict[str, Any]) -> Reply:
        raise ConnectionRefusedError("connection refused")

    assert run(["--url", "http://shop.test:1"], refused) == 1
    assert "http://shop.test:1: no shop answers (connection refused)" in capsys.readouterr().err
