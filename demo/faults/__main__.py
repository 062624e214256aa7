"""Switch faults from the command line: `python -m demo.faults slow-query 800`."""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_DEFAULT_URL = "http://127.0.0.1:8700"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the shop's admin endpoint answered."""

    status: int
    content: dict[str, Any]


Send = Callable[[str, str, dict[str, Any]], Reply]


def send_over_http(method: str, url: str, content: dict[str, Any]) -> Reply:
    """Send one request to the admin endpoint, past any proxy."""
    body = json.dumps(content).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as response:
            return Reply(response.status, json.load(response))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, json.load(error))


def run(arguments: Sequence[str], send: Send = send_over_http) -> int:
    """Do what the command line asks and return the exit code.

    Returns:
        0 when done, 1 when the shop does not answer, 2 when it refuses.
    """
    options = _parser().parse_args(arguments)
    method, path, content = _request(options)
    try:
        reply = send(method, options.url.rstrip("/") + path, content)
    except (OSError, ValueError) as error:
        print(f"{options.url}: no shop answers ({error})\n  start one: python -m demo", file=sys.stderr)
        return 1
    if reply.status >= 400:
        print(reply.content.get("error", reply), file=sys.stderr)
        return 2
    for fault in reply.content["faults"]:
        print(_line(fault))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo.faults", description=__doc__)
    parser.add_argument("name", nargs="?", help="the fault; without it, list all")
    parser.add_argument("size", nargs="?", type=float, help="how large; without it, the fault's default")
    parser.add_argument("--off", action="store_true", help="switch the fault off; without a name, all of them")
    parser.add_argument("--url", default=os.environ.get("SHOP_URL", _DEFAULT_URL), help="the shop's address")
    return parser


def _request(options: argparse.Namespace) -> tuple[str, str, dict[str, Any]]:
    path = "/admin/faults" + (f"/{options.name}" if options.name else "")
    if options.off:
        return "DELETE", path, {}
    if options.name is None:
        return "GET", path, {}
    return "PUT", path, {} if options.size is None else {"size": options.size}


def _line(fault: dict[str, Any]) -> str:
    state = f"on, {fault['size']:g}" if fault["on"] else "off"
    return f"{fault['name']:<17} {state:<10} {fault['unit']:<18} {fault['breaks']}"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
