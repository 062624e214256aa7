"""Events in the forms of Sentry's clients for other languages: types, causes, own frames, and what came before.

The forms are those of the serialisers of sentry-java, -go, -ruby, -php, -dotnet and @sentry/node; contents are ours.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from outrider.errors import EventScrubber, ReceivedEvent, group, read_sentry_event, title_of_event
from outrider.telemetry import Scrubber

NOW_US = 1_795_000_000_000_000
TIME = "2026-11-18T11:06:35.1234567"

JAVA = {
    "platform": "java", "timestamp": f"{TIME[:23]}Z", "logger": "shop.Checkout",
    "message": {"formatted": "payment 17 failed", "message": "payment {} failed", "params": ["17"]},
    "threads": {"values": [{"id": 31, "name": "exec-1", "crashed": False, "current": True, "main": False,
                            "state": "RUNNABLE", "stacktrace": {"frames": [{"function": "run", "module": "a.B"}]}}]},
    "exception": {"values": [
        {"type": "IllegalStateException", "value": "no stock", "module": "java.lang", "thread_id": 31,
         "mechanism": {"type": "Logback", "handled": True},
         "stacktrace": {"frames": [
             {"module": "java.lang.Thread", "function": "run", "filename": "Thread.java", "in_app": False},
             {"module": "shop.Stock$$Lambda$14/0x0000000800c1", "function": "lambda$take$3", "filename": "Stock.java",
              "lineno": 41, "in_app": None, "native": False},
             {"module": "org.springframework.util.Assert", "function": "state", "filename": "Assert.java"},
         ], "snapshot": True}},
        {"type": "PaymentException", "value": "failed", "module": "shop", "thread_id": 31},
    ]},
    "breadcrumbs": [{"timestamp": f"{TIME[:19]}Z", "message": "cart opened", "category": "shop.Cart", "level": "info"}],
    "contexts": {"runtime": {"name": "OpenJDK", "version": "21"}},
}  # fmt: skip
GO = {
    "platform": "go", "timestamp": f"{TIME}89Z", "level": "error", "transaction": "POST /pay",
    "threads": [{"id": "0", "current": True, "crashed": True}],
    "exception": [
        {"type": "*errors.errorString", "value": "no stock",
         "mechanism": {"type": "chained", "exception_id": 1, "parent_id": 0, "source": "Unwrap"}},
        {"type": "*fmt.wrapError", "value": "pay: no stock",
         "mechanism": {"type": "generic", "exception_id": 0},
         "stacktrace": {"frames": [
             {"function": "HandlerFunc.ServeHTTP", "module": "net/http", "abs_path": "/usr/local/go/net/server.go",
              "lineno": 2294, "in_app": False},
             {"function": "(*Cart).Pay.func1", "module": "shop.example/internal/cart", "in_app": True, "lineno": 12,
              "abs_path": "/src/internal/cart/cart.go", "pre_context": ["func f() {"], "context_line": "\tpanic(err)",
              "post_context": ["}"]},
         ]}},
    ],
    "breadcrumbs": [{"category": "http", "message": "cart opened", "level": "info", "timestamp": f"{TIME}89Z"}],
    "request": {"url": "http://shop.example/pay", "method": "POST", "headers": {"Accept": "*/*"},
                "env": {"REMOTE_ADDR": "203.0.113.9"}},
    "contexts": {"runtime": {"name": "go", "version": "go1.26", "go_numroutines": 9}},
}  # fmt: skip
RUBY = {
    "platform": "ruby", "timestamp": f"{TIME[:19]}Z", "level": "error", "transaction": "PayController#create",
    "exception": {"values": [
        {"type": "Shop::NoStock", "value": "no stock (Shop::NoStock)", "module": "Shop", "thread_id": 8_400,
         "mechanism": {"type": "rails", "handled": False, "exception_id": 0},
         "stacktrace": {"frames": [
             {"abs_path": "/usr/lib/ruby/gems/3.4/gems/rack-3.1/lib/rack/head.rb", "filename": "rack/head.rb",
              "function": "call", "module": "Rack::Head", "lineno": 15, "in_app": False},
             {"abs_path": "/srv/app/models/cart.rb", "filename": "app/models/cart.rb", "function": "block in take",
              "module": "Cart", "lineno": 7, "in_app": True, "context_line": "raise NoStock\n", "vars": {"count": "3"}},
         ]}},
    ]},
    "threads": {"values": [{"id": 8_400, "name": None, "crashed": True, "current": True, "stacktrace": None}]},
    "breadcrumbs": {"values": [{"category": "start.action", "data": {}, "level": None, "message": "cart opened",
                                "timestamp": 1_794_999_995, "type": None}]},
    "request": {"url": "http://shop.example/pay", "method": "POST", "data": {"card": "4242424242424242"},
                "query_string": "a=SECRET", "cookies": {"s": "SECRET"}, "headers": {"Accept": "*/*"}},
    "contexts": {"runtime": {"name": "ruby", "version": "ruby 3.4.1"}}, "tags": {}, "extra": {}, "fingerprint": [],
}  # fmt: skip
PHP = {
    "platform": "php", "timestamp": 1_794_999_995.12, "level": "fatal", "tags": [], "extra": [],
    "user": {"id": "7", "username": None, "email": None, "ip_address": "203.0.113.9", "segment": None},
    "contexts": {"os": {"name": "Linux"}, "runtime": {"name": "php", "sapi": "fpm-fcgi", "version": "8.4.1"}},
    "breadcrumbs": {"values": [{"type": "default", "category": "log", "level": "info", "message": "cart opened",
                                "timestamp": 1_794_999_994.5}]},
    "request": {"url": "http://shop.example/pay", "method": "POST", "data": {"card": "4242424242424242"}},
    "exception": {"values": [
        {"type": "PDOException", "value": "gone away", "stacktrace": {"frames": [
            {"filename": "/vendor/laravel/framework/src/Db.php", "lineno": 9, "in_app": False, "function": "Db::run"},
            {"filename": "/app/Cart.php", "abs_path": "/var/www/app/Cart.php", "lineno": 21, "in_app": True,
             "function": "App\\Cart::take", "raw_function": "App\\Cart@anonymous\u0000/var/www/app/Cart.php:9$0::take",
             "vars": {"count": 3}},
        ]}},
        {"type": "App\\PaymentException", "value": "failed", "mechanism": {"type": "generic", "handled": False}},
    ]},
}  # fmt: skip
DOTNET = {
    "platform": "csharp", "timestamp": f"{TIME}+00:00", "level": "error", "logger": "Shop.Checkout",
    "logentry": {"message": "payment {Id} failed", "formatted": "payment 17 failed"},
    "modules": {"Shop.Web": "1.0.0"},
    "threads": {"values": [{"id": 9, "name": ".NET TP Worker", "crashed": True, "current": True}]},
    "exception": {"values": [
        {"type": "System.InvalidOperationException", "value": "no stock", "thread_id": 9,
         "module": "System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e",
         "mechanism": {"type": "chained", "handled": True, "exception_id": 1, "parent_id": 0},
         "stacktrace": {"frames": [
             {"function": "void List<T>.Add(T item)", "module": "System.Collections.Generic.List`1", "in_app": False,
              "package": "System.Private.CoreLib, Version=10.0.0.0", "instruction_addr": "0x1c", "addr_mode": "rel:0"},
             {"filename": "Cart.cs", "abs_path": "/src/Cart.cs", "function": "async Task<int> Cart.Take(int)+() => { }",
              "module": "Shop.Cart", "lineno": 12, "in_app": True, "package": "Shop.Web, Version=1.0.0.0"},
         ]}},
        {"type": "System.AggregateException", "value": "One or more errors occurred.",
         "mechanism": {"type": "AppDomain.UnhandledException", "handled": False, "is_exception_group": True}},
    ]},
    "breadcrumbs": [{"timestamp": f"{TIME}+00:00", "message": "cart opened", "category": "Shop.Cart"}],
    "contexts": {"runtime": {"type": "runtime", "name": ".NET", "version": "10.0.1"}},
    "request": {"method": "POST", "data": {"card": "4242424242424242"}},
}  # fmt: skip
NODE = {
    "platform": "node", "timestamp": 1_794_999_995.12, "level": "error", "transaction": "POST /pay",
    "exception": {"values": [
        {"type": "TypeError", "value": "x is not a function", "mechanism": {
            "type": "chained", "handled": False, "source": "cause", "exception_id": 1, "parent_id": 0},
         "stacktrace": {"frames": [
             {"filename": "node:internal/process/task_queues", "module": "task_queues", "lineno": 105, "colno": 5,
              "function": "process.processTicksAndRejections", "in_app": False},
             {"filename": "/srv/dist/cart.js", "module": "cart", "function": "Cart.take", "lineno": 7, "colno": 9,
              "in_app": True, "context_line": "    this.x();", "vars": {"count": 3}},
         ]}},
        {"type": "Error", "value": "payment failed", "mechanism": {"type": "middleware", "handled": False}},
    ]},
    "breadcrumbs": [{"category": "console", "level": "log", "message": "cart opened", "timestamp": 1_794_999_994.5}],
    "contexts": {"runtime": {"name": "node", "version": "v24.1.0"}, "app": {"app_memory": 5}},
    "request": {"url": "http://shop.example/pay", "method": "POST", "data": '{"card":"4242424242424242"}',
                "cookies": {"s": "SECRET"}, "query_string": "a=SECRET"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("document", "types", "frame", "own"),
    [
        (JAVA, ["IllegalStateException", "PaymentException"],
         "take lambda in shop.Stock$$Lambda", [False, True, False]),
        (GO, ["*errors.errorString", "*fmt.wrapError"], "Cart.Pay.func in internal/cart", [False, True]),
        (RUBY, ["Shop::NoStock"], "take in Cart", [False, True]),
        (PHP, ["PDOException", "App\\PaymentException"], "App\\Cart::take in app/Cart.php", [False, True]),
        (DOTNET, ["System.InvalidOperationException", "System.AggregateException"],
         "Cart.Take in Shop.Cart", [False, True]),
        (NODE, ["TypeError", "Error"], "take in dist/cart.js", [False, True]),
    ],
    ids=["java", "go", "ruby", "php", "dotnet", "node"],
)  # fmt: skip
def test_an_event_is_told_as_its_language_means_it(
    document: dict[str, Any], types: list[str], frame: str, own: list[bool]
) -> None:
    scrubber = Scrubber()
    scrubbed = EventScrubber(scrubber.text, scrubber.hides).document(json.loads(json.dumps(document)))
    event = read_sentry_event(scrubbed, ReceivedEvent("a" * 32, 1, "shop", "live", NOW_US))

    frames = next(exception.frames for exception in event.exceptions if exception.frames)
    assert [exception.type for exception in event.exceptions] == types
    assert [stack_frame.in_app for stack_frame in frames] == own
    assert f"frame {frame}" in group(event).parts
    assert title_of_event(event)[0] == types[-1]
    assert NOW_US - 5_000_000 <= event.at_us < NOW_US
    assert [crumb.message for crumb in event.breadcrumbs] == ["cart opened"]
    assert event.contexts["runtime"]["version"]
    text = repr(event)
    assert "SECRET" not in text
    assert "4242" not in text
    assert "203.0.113.9" not in text
    assert "(Shop::NoStock)" not in text


def test_an_exception_without_a_stack_has_that_of_its_thread() -> None:
    """As clients of phones and of native code send it; else of the thread that crashed."""
    threads = [
        {"id": 1, "crashed": True, "stacktrace": {"frames": [{"function": "main"}]}},
        {"id": 2, "stacktrace": {"frames": [{"function": "work"}]}},
    ]

    def frames(**more: Any) -> list[str]:
        document = {"exception": [{"type": "Crash", **more}], "threads": {"values": threads}}
        (exception,) = read_sentry_event(document, ReceivedEvent("a" * 32, 1, "shop", "live", NOW_US)).exceptions
        return [frame.function for frame in exception.frames]

    assert frames(thread_id=2) == ["work"]
    assert frames() == frames(thread_id=3) == ["main"]
    assert frames(stacktrace={"frames": [{"function": "own"}]}) == ["own"]
