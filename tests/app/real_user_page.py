"""A small site with a strict policy, whose pages carry the script of real users."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>{tag}
<script src="/page.js" defer></script>
<h1>Riding boots</h1><p>{text}</p>
<button id="buy">Buy</button> <button id="dead">Nothing</button> <button id="go">Next</button>
<button id="fail">Fail</button></html>"""
SCRIPT = """
document.getElementById("buy").onclick = async () => {
  await fetch("/api/cart/48151623?token=geheim", {method: "POST"});
  document.body.append("bought");
  payForOrder();
};
function payForOrder() { throw new TypeError("no stock for ada@example.org"); }
document.getElementById("fail").onclick = () => { fetch("/api/broken"); console.error("stock is stale"); };
document.getElementById("go").onclick = () => history.pushState(null, "", "/product/12345?coupon=geheim");
"""


class RealUserSite:
    """Serves the pages; `tag` is put into each, and `policy` in front."""

    def __init__(self) -> None:
        self.tag = ""
        self.policy = ""
        self.traces: list[str] = []
        self.address = ""


@contextmanager
def real_user_site() -> Iterator[RealUserSite]:
    """Serve the site on loopback."""
    site = RealUserSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/page.js":
                self._answer(200, SCRIPT, "text/javascript")
            elif self.path.startswith("/api/"):
                self._answer(500, "broken")
            else:
                status = 502 if self.path == "/refused" else 200
                self._answer(status, PAGE.format(tag=site.tag, text="Waxed leather. " * 40), "text/html")

        def do_POST(self) -> None:
            site.traces.append(self.headers.get("traceparent", ""))
            self._answer(200, "{}")

        def _answer(self, status: int, text: str, kind: str = "text/plain") -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", f"default-src 'self'; {site.policy}")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield site
        server.shutdown()
        thread.join()
