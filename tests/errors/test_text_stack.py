"""Stacks as run times print them are read, with what caused what, and any text is read without harm."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.errors import stack_exceptions

JAVA = """com.shop.CardException: declined
\tat com.shop.Pay.charge(Pay.java:12)
\tat com.shop.Pay$$Lambda$14/0x0000.run(Unknown Source)
\tat java.base/java.lang.Thread.run(Thread.java:840) ~[?:?]
Caused by: java.io.IOException: closed: early
\tat com.shop.Net.read(Net.java:7)
\t... 12 more"""
DOTNET = """Shop.CardException: declined
 ---> System.IO.IOException: closed
   at Shop.Net.Read() in /src/Net.cs:line 3
   --- End of inner exception stack trace ---
   at Shop.Pay.Charge(Order order, Int32 n) in C:\\src\\Pay.cs:line 12
   at System.Threading.Tasks.Task.Run(Action a)"""
NODE = """CardError: declined
    at charge (/app/src/pay.js:12:9)
    at async Promise.all (index 0)
    at Object.<anonymous> (file:///app/x.mjs:1:1)
    at node:internal/process/task_queues:95:5 {
  [cause]: Error: closed
      at read (/app/net.js:1:2)
}"""
GO = """goroutine 1 [running]:
go.opentelemetry.io/otel/sdk/trace.recordStackTrace()
\t/go/pkg/mod/go.opentelemetry.io/otel/sdk@v1.2/trace/span.go:474 +0x2e
main.(*Cart).Pay(0xc0000, {0x1, 0x2})
\t/app/cart.go:12 +0x1d
github.com/shop/pay.charge(...)
\t/app/pay/pay.go:9
main.main()
\t/app/main.go:3 +0x2
"""
RUBY = """/app/shop/pay.rb:12:in `charge': declined (CardError)
\tfrom /app/x.rb:3:in 'Shop::Cart#pay'
\tfrom /usr/lib/ruby/gems/3.2/rack.rb:1:in `call'"""
PHP = """#0 /app/pay.php(12): Shop\\Pay->charge(Object(Order), 'x')
#1 /app/index.php(3): run()
#2 {main}"""
PHP_OF_OTEL = """Shop\\CardException: declined
 at Shop.Pay.charge(Pay.php:12)
 at {main}(index.php:3)"""


@pytest.mark.parametrize(
    ("stack", "cause", "calls"),
    [
        (JAVA, ("java.io.IOException", "closed: early", "read"), [
            ("java.lang.Thread", "run", "Thread.java", 840, False),
            ("com.shop.Pay$$Lambda$14/0x0000", "run", "", 0, True),
            ("com.shop.Pay", "charge", "Pay.java", 12, True),
        ]),
        (DOTNET, ("System.IO.IOException", "closed", "Read"), [
            ("System.Threading.Tasks.Task", "Run", "", 0, False), ("Shop.Pay", "Charge", "C:\\src\\Pay.cs", 12, True),
        ]),
        (NODE, ("Error", "closed", "read"), [
            ("", "", "node:internal/process/task_queues", 95, False), ("", "Object.<anonymous>", "/app/x.mjs", 1, True),
            ("", "charge", "/app/src/pay.js", 12, True),
        ]),
        (GO, None, [
            ("main", "main", "/app/main.go", 3, True), ("github.com/shop/pay", "charge", "/app/pay/pay.go", 9, True),
            ("main", "(*Cart).Pay", "/app/cart.go", 12, True),
            ("go.opentelemetry.io/otel/sdk/trace", "recordStackTrace",
             "/go/pkg/mod/go.opentelemetry.io/otel/sdk@v1.2/trace/span.go", 474, False),
        ]),
        (RUBY, None, [
            ("", "call", "/usr/lib/ruby/gems/3.2/rack.rb", 1, False), ("", "Shop::Cart#pay", "/app/x.rb", 3, True),
            ("", "charge", "/app/shop/pay.rb", 12, True),
        ]),
        (PHP, None, [("", "run", "/app/index.php", 3, True), ("Shop\\Pay", "charge", "/app/pay.php", 12, True)]),
        (PHP_OF_OTEL, None, [("", "{main}", "", 0, True), ("Shop.Pay", "charge", "Pay.php", 12, True)]),
    ],
    ids=["java", "dotnet", "node", "go", "ruby", "php", "php of OpenTelemetry"],
)  # fmt: skip
def test_stacks_of_run_times_are_read(
    stack: str, cause: tuple[str, str, str] | None, calls: list[tuple[str, str, str, int, bool]]
) -> None:
    """The cause comes first and the outermost call, too; libraries are told apart."""
    *causes, raised = stack_exceptions(stack, "CardError", "declined")

    assert [(own.type, own.value, own.frames[-1].function) for own in causes] == ([] if cause is None else [cause])
    assert (raised.type, raised.value) == ("CardError", "declined")
    assert [(own.module, own.function, own.path, own.line, own.in_app) for own in raised.frames] == calls


def sell() -> None:
    try:
        dict[str, int]()["sku"]
    except KeyError as error:
        raise ValueError("no stock") from error


def test_the_stack_that_python_prints_is_read() -> None:
    """With the exception that was the cause, which Python prints first."""
    try:
        sell()
    except ValueError:
        printed = traceback.format_exc()

    cause, raised = stack_exceptions(printed, "ValueError", "no stock")

    assert (cause.type, cause.value, cause.frames[-1].function) == ("KeyError", "'sku'", "sell")
    assert [frame.function for frame in raised.frames] == ["test_the_stack_that_python_prints_is_read", "sell"]


@given(st.text(alphabet=st.sampled_from("at .(:)\n\tFile \",line1#0/->[cause]: Caused by'`in"), max_size=400))
def test_any_text_is_read(text: str) -> None:
    """There is always an exception, the one that was raised, with its type."""
    assert stack_exceptions(text, "E", "m")[-1].type == "E"


def test_the_longest_stack_is_read_in_linear_time() -> None:
    """Megabytes of what looks like the beginning of a call or a cause; what is beyond the limits is left out."""
    lines = ["at " + "a." * 200_000, "x" * 500_000 + "(", "Caused by: A: b\n\tat a.b(C.java:1)\n" * 20_000]

    exceptions = stack_exceptions("\n".join(lines), "E", "m")

    assert len(exceptions) == 50
