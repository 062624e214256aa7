"""Journeys in a real browser are linked with the traces that pages send and servers name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.listeners import serving

from outrider.causes import main_thread_tasks, wire_requests
from outrider.causes.network_parts import MAIN_THREAD, network_parts
from outrider.causes.trace_parts import Places
from outrider.model import Origin, origin_of

if TYPE_CHECKING:
    from socket import socket

    from tests.cli.conftest import Desk

pytestmark = pytest.mark.browser

DOCUMENT, FETCH, SENTRY, ANSWER = ("0a" * 16, "0b" * 16, "0c" * 16, "0d" * 16)
SPAN = "1" * 16
PAGE = f"""<!doctype html><h1>shop</h1><button>pay</button><p></p><script>
document.querySelector("button").onclick = async () => {{
  await fetch("/first", {{headers: {{traceparent: "00-{FETCH}-{SPAN}-01", tracestate: "x=" + "y".repeat(4000)}}}});
  await fetch("/second", {{headers: {{baggage: "a=1,sentry-trace_id={SENTRY}"}}}});
  await fetch("/third", {{headers: {{traceparent: "garbage-{"0" * 32}"}}}});
  document.querySelector("p").textContent = "paid";
}};
window.outrider = {{named: "front door"}};
</script>"""
LEAVE = """    with step("leave"):
        page.goto("{site}thanks")
"""
JOURNEY = """
def test_pay(page, step):
    with step("open"):
        page.goto("{site}")
    with step("pay"):
        page.get_by_role("button").click()
        page.get_by_text("paid").wait_for()
"""


def answer(connection: socket) -> None:
    """Answer one request, as a server that names its traces does."""
    connection.settimeout(2.0)  # browsers open connections ahead, and may never use them
    head = b""
    while b"\r\n\r\n" not in head and (chunk := connection.recv(65_536)):
        head += chunk
    named = {
        b"/": f'Server-Timing: traceparent;desc="00-{DOCUMENT}-{SPAN}-01"',
        b"/third": f"traceresponse: 00-{ANSWER}-{SPAN}-01",
    }
    path = head.split(b" ", 2)[1] if head.count(b" ") > 1 else b""
    header = named.get(path, "X-None: 1")
    body = PAGE if path == b"/" else ""
    kind = "Content-Type: text/html"
    lines = ("HTTP/1.1 200 OK", kind, header, f"Content-Length: {len(body)}", "Connection: close", "", body)
    connection.sendall("\r\n".join(lines).encode())


def test_ids_of_pages_and_servers_become_links_of_their_steps(desk: Desk) -> None:
    """Fetches of instrumented pages by W3C's and Sentry's headers, documents and answers by what servers say.

    Vitals are those of each page that was opened, of those that were left, too, by the name that a page gives itself.
    """
    desk.write("outrider.toml", "[journeys]\nstarved_above = 1.0\n")
    with serving(answer) as address:
        desk.write("journeys/test_shop.py", (JOURNEY + LEAVE).replace("{site}", f"http://{address}/"))
        ran = desk.outrider("run", "journey:*")
        [run] = desk.json("runs", "--json")

    [attempt] = desk.json("show", run["id"], "--json")["attempts"]

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [(trace["trace_id"], trace["step"], trace["source"]) for trace in attempt["traces"]] == [
        (DOCUMENT, "open", "response"),
        (FETCH, "pay", "page"),
        (SENTRY, "pay", "page"),
        (ANSWER, "pay", "response"),
    ]
    assert {trace["kind"] for trace in attempt["traces"]} == {"synthetic"}
    pages = {(own["step"], own["metric"]) for own in attempt["samples"] if own["metric"].startswith("ttfb_ms ")}
    assert pages == {("goto /", "ttfb_ms 127.0.0.1 front door"), ("goto /thanks", "ttfb_ms 127.0.0.1/thanks")}


TRACED_PAGE = f"""<!doctype html><h1>shop</h1><button>pay</button><p></p><script>
const ask = (url) => new Promise((done) => {{
  const request = new XMLHttpRequest(); request.open("GET", url); request.onloadend = done; request.send();
}});
document.querySelector("button").onclick = async () => {{
  for (const begin = performance.now(); performance.now() < begin + 300;);
  await fetch("/plain", {{method: "POST", body: "x", headers: {{"x-own": "1"}}}});
  await fetch(new Request("/request", {{headers: {{"x-own": "2"}}}}));
  await ask("/xhr");
  await fetch("/has", {{headers: {{traceparent: "00-{FETCH}-{SPAN}-01"}}}});
  await fetch(location.href.replace("127.0.0.1", "localhost") + "other");
  await fetch("/mode", {{mode: "no-cors"}});
  document.querySelector("p").textContent = "paid";
}};
</script>"""
NAMES = {"traceparent", "tracestate", "sentry-trace", "baggage"}


def keep(seen: dict[str, dict[str, str]], connection: socket) -> None:
    """Answer one request, and keep its headers."""
    connection.settimeout(2.0)
    head = b""
    while b"\r\n\r\n" not in head and (chunk := connection.recv(65_536)):
        head += chunk
    first, *named = head.decode().split("\r\n\r\n")[0].split("\r\n")
    method, path, *_ = f"{first}  ".split(" ")
    path = f"preflight of {path}" if method == "OPTIONS" else path
    seen[path] = {name.lower(): value for name, _, value in (line.partition(": ") for line in named)}
    body = TRACED_PAGE if path == "/" else ""
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", "Access-Control-Allow-Origin: *"]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", body]
    connection.sendall("\r\n".join(lines).encode())


def visit(desk: Desk, settings: str) -> tuple[dict[str, dict[str, str]], dict[str, Any]]:
    """Return what a site was sent by path, and the first attempt of the run."""
    seen: dict[str, dict[str, str]] = {}
    with serving(partial(keep, seen)) as address:
        desk.write(
            "outrider.toml", "[journeys]\nstarved_above = 1.0\n" + settings.replace("{site}", f"http://{address}")
        )
        desk.write("journeys/test_shop.py", JOURNEY.replace("{site}", f"http://{address}/"))
        ran = desk.outrider("run", "journey:*")
        run = desk.json("runs", "--json")[0]
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not any(path.startswith("preflight") for path in seen)  # what is added forces none
    return seen, desk.json("show", run["id"], "--json")["attempts"][0]


def test_requests_to_allowed_origins_name_the_trace_of_the_attempt(desk: Desk) -> None:
    """By fetch and XMLHttpRequest, signed; the page's own headers stay, and other origins are sent none."""
    seen, attempt = visit(desk, '[telemetry]\npropagate_to = ["{site}"]\n')

    [trace] = [trace for trace in attempt["traces"] if trace["source"] == "outrider"]
    key = (desk.root / ".outrider" / "artifact-key").read_bytes()
    for path in ("/plain", "/request", "/xhr"):
        headers = seen[path]
        assert headers["traceparent"].startswith(f"00-{trace['trace_id']}-")
        assert headers["sentry-trace"].startswith(trace["trace_id"])
        assert f"sentry-trace_id={trace['trace_id']}" in headers["baggage"]
        assert origin_of(key, trace["trace_id"], headers["tracestate"], 1.0) is Origin.SYNTHETIC
    assert (seen["/plain"]["x-own"], seen["/request"]["x-own"]) == ("1", "2")
    assert len({seen[path]["traceparent"] for path in ("/plain", "/request", "/xhr")}) == 3
    assert (seen["/has"]["traceparent"], "tracestate" in seen["/has"]) == (f"00-{FETCH}-{SPAN}-01", False)
    for path in ("/", "/other", "/mode"):
        assert NAMES.isdisjoint(seen[path]), path
    assert (trace["step"], trace["kind"]) == ("pay", "synthetic")


def test_routed_requests_name_the_trace_and_are_series_of_their_own(desk: Desk) -> None:
    """Documents and those that scripts cannot reach, too, without a preflight; the page's own headers stay."""
    seen, attempt = visit(desk, '[telemetry]\npropagate_to = ["{site}"]\npropagate_by = "route"\n')

    [trace, other] = [trace for trace in attempt["traces"] if trace["source"] == "outrider"]
    assert (trace["step"], other) == ("open (uncached)", {**trace, "step": "pay (uncached)"})
    for path in ("/", "/plain", "/request", "/xhr", "/mode"):
        assert seen[path]["traceparent"].startswith(f"00-{trace['trace_id']}-"), path
        assert seen[path].keys() >= NAMES
    assert (seen["/plain"]["x-own"], seen["/request"]["x-own"]) == ("1", "2")
    assert (seen["/has"]["traceparent"], "tracestate" in seen["/has"]) == (f"00-{FETCH}-{SPAN}-01", False)
    assert NAMES.isdisjoint(seen["/other"])
    named = [(step["key"], step["title"]) for step in attempt["steps"] if step["kind"] == "named"]
    assert named == [("open (uncached)",) * 2, ("pay (uncached)",) * 2]
    automatic = [step["title"].split()[0] for step in attempt["steps"] if step["kind"] == "automatic"]
    assert automatic == ["goto", "click", "wait"]
    assert {sample["step"] for sample in attempt["samples"]} >= {"open (uncached)", "pay (uncached)"}
    assert {sample["step"] for sample in attempt["samples"]}.isdisjoint({"open", "pay"})


def main_thread(desk: Desk, attempt: dict[str, Any]) -> dict[str, float]:
    folder = desk.temporary / desk.json("runs", "--json")[0]["id"]
    desk.outrider("show", "latest", "--export", str(folder))
    content = (folder / "requests.har").read_bytes()
    places, requests = Places(), wire_requests(content)[0]
    [step] = [own for own in attempt["steps"] if own["key"] == "pay"]
    began_ms = next(own.began_ms for own in requests if own.url.endswith("/plain")) - 350.0
    parts = network_parts(places, requests, began_ms, step["duration_ms"], main_thread_tasks(content))
    assert not isinstance(parts, str), parts
    waited = {places[number].operation: own.ms for number, own in parts.places.items()}
    return {name: ms for name, ms in waited.items() if name.startswith(MAIN_THREAD)}


@pytest.mark.parametrize(
    "settings",
    [
        "[telemetry]\n",
        'main_thread = false\n[telemetry]\npropagate_to = ["{site}"]\n[capabilities]\ntraces = false\n',
        'main_thread = false\n[telemetry]\npropagate_to = ["https://other.example"]\n',
    ],
)
def test_nothing_is_added_unless_it_is_asked_for(desk: Desk, settings: str) -> None:
    """By default, where traces are switched off, and for other origins.

    A step that waits for a script is told so beside its requests, by the script's address; not where that is off.
    """
    seen, attempt = visit(desk, settings)
    work = main_thread(desk, attempt)

    assert {path for path, headers in seen.items() if NAMES & set(headers)} == {"/has"}
    if "main_thread" in settings:
        assert work == {}
    else:
        [name] = [name for name, ms in work.items() if ms > 250]
        assert name.startswith("the browser's main thread: script / of 127.0.0.1:")
