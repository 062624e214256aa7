"""Events as clients send them: a Python service, a script of a page, a message; and hostile ones."""

from __future__ import annotations

from dataclasses import replace

from outrider.model import (
    Breadcrumb,
    ErrorEvent,
    ErrorException,
    ErrorRequest,
    ErrorThread,
    ErrorUser,
    StackFrame,
)

from .conftest import HOUR_US, MINUTE_US, NOW_US
from .telemetry_scene import HOSTILE

TRACE = "ab" * 16
_LIBRARY = (
    StackFrame("starlette.routing", "__call__", "starlette/routing.py", 716, in_app=False),
    StackFrame("starlette.routing", "handle", "starlette/routing.py", 276, in_app=False),
    StackFrame("starlette.concurrency", "run_in_threadpool", "starlette/concurrency.py", 37, in_app=False),
)
_OWN = (
    StackFrame(
        "shop.checkout", "place_order", "shop/checkout.py", 88,
        before=("    cart = carts.of(user)", "    cart.lock()"),
        source="    charge = payment.charge(card, cart.total)",
        after=("    if charge.declined:", "        raise Refused"),
        locals={"cart": "<Cart 3 items>", "user": "<User 17>"},
    ),
    StackFrame(
        "shop.payment", "charge", "shop/payment.py", 41, before=("def charge(card, total):", "    gateway = connect()"),
        source="    answer = gateway.post('/charges', total=total)", after=("    return Charge(answer)",),
        locals={"total": "Decimal('41.90')", "card": "[masked]"},
    ),
)  # fmt: skip


def declined(number: int = 0, **changes: object) -> ErrorEvent:
    """Return what a payment service sends when its gateway refuses."""
    at_us = NOW_US - (number % 40) * HOUR_US - number * MINUTE_US // 7
    cause = ErrorException("ConnectionResetError", "[Errno 104] Connection reset by peer", frames=_LIBRARY)
    raised = ErrorException(
        "PaymentError", f"the gateway did not answer for order {9_000 + number}", "shop.payment", False, "starlette",
        frames=(*_LIBRARY, *_OWN),
    )  # fmt: skip
    event = ErrorEvent(
        f"{number + 1:032x}", 1, at_us, at_us, exceptions=(cause, raised), platform="python", service="payment",
        environment="live", release="2.4.1" if number % 3 else "2.5.0", server=f"pod-{number % 3}",
        transaction="POST /checkout", tags={"plan": "free" if number % 4 else "pro"},
        user=ErrorUser(id=str(1_000 + number % 9), email=f"anna.{number % 9}@shop.example", address="192.0.2.7"),
        request=ErrorRequest("POST", "https://shop.example/checkout", "step=2", {"User-Agent": "Firefox"}, '{"n": 1}'),
        breadcrumbs=(
            Breadcrumb(at_us - 900_000, "query", "info", "SELECT * FROM carts WHERE user_id = $1"),
            Breadcrumb(at_us - 200_000, "http", "warning", "POST /charges", data={"status_code": "504"}),
        ),
        contexts={"runtime": {"name": "CPython", "version": "3.12"}, "browser": {"name": "Firefox"}},
        threads=(ErrorThread("1", "MainThread", True, _OWN),), sdk="sentry.python 2.75.0", trace_id=TRACE,
    )  # fmt: skip
    return replace(event, **changes)  # type: ignore[arg-type]


def page_error(number: int = 500, **changes: object) -> ErrorEvent:
    """Return what a script of a page sends."""
    frame = StackFrame("", "renderBasket", "https://shop.example/assets/index-B3kd92ka.js", 1, 48_213)
    raised = ErrorException("TypeError", "Cannot read properties of undefined (reading 'items')", frames=(frame,))
    event = declined(number, exceptions=(raised,), platform="javascript", service="shop-page", transaction="/basket")
    return replace(event, **changes)  # type: ignore[arg-type]


def mapped_error(number: int = 600, **changes: object) -> ErrorEvent:
    """Return what a script of a page sends whose map is known, called by one whose map is not."""
    script = "https://shop.example/assets/index-B3kd92ka.js"
    own = StackFrame(
        "", "renderBasket", "src/basket.ts", 12, 9, before=("function renderBasket(cart: Cart) {",),
        source="  const rows = cart.items.map(row);", after=("}",), minified=f"r at {script}:1:48213",
    )  # fmt: skip
    why = "no source map for ~/assets/vendor.js in release 2.5.0; there is one for ~/static/vendor.js in release 2.5.0"
    caller = StackFrame("", "t", script.replace("index-B3kd92ka", "vendor"), 1, 900, unmapped=why)
    raised = ErrorException("TypeError", "cart.items is undefined", frames=(caller, own))
    event = declined(number, exceptions=(raised,), platform="javascript", service="shop-page", release="shop@2.5.0")
    return replace(event, **changes)  # type: ignore[arg-type]


def hostile(number: int = 700) -> ErrorEvent:
    """Return an event whose every text is hostile to a page."""
    frame = StackFrame(HOSTILE, HOSTILE, HOSTILE, 7, source=HOSTILE, before=(HOSTILE,), locals={HOSTILE: HOSTILE})
    raised = ErrorException(HOSTILE, HOSTILE, mechanism=HOSTILE, frames=(frame,))
    return declined(
        number, exceptions=(raised,), tags={HOSTILE: HOSTILE}, release=HOSTILE, environment=HOSTILE, service=HOSTILE,
        transaction=HOSTILE, message=HOSTILE, user=ErrorUser(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        request=ErrorRequest(HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, HOSTILE), extra={HOSTILE: HOSTILE},
        contexts={HOSTILE: {HOSTILE: HOSTILE}}, breadcrumbs=(Breadcrumb(NOW_US, HOSTILE, "error", HOSTILE),),
    )  # fmt: skip
