"""OTLP over gRPC, from who may send by token or address.

https://opentelemetry.io/docs/specs/otlp/#otlpgrpc. Clients send again what is answered UNAVAILABLE, and nothing else
that is answered here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from outrider.model import StoreError
from outrider.server.http_server import PortTaken
from outrider.server.ingest_routes import NOT_ALLOWED
from outrider.telemetry import PROTOBUF, BadTelemetry, SignalKind, SpoolFull

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrider.telemetry import Intake

_SERVICES: Final = {
    SignalKind.LOGS: "opentelemetry.proto.collector.logs.v1.LogsService",
    SignalKind.TRACES: "opentelemetry.proto.collector.trace.v1.TraceService",
    SignalKind.METRICS: "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
_THREADS: Final = 4
_CLOSE_S: Final = 2.0


class OtlpGrpc:
    """Takes the three signals until it is closed.

    Args:
        intake: Takes the bodies.
        source_of: Returns who a client is, by its address and its `authorization`; "" if it may not send.
        host: Address to listen at.
        port: 0 for a free one.

    Attributes:
        port: At which it listens.

    Raises:
        PortTaken: If the address is taken, or not this machine's.
        ImportError: If grpcio is not installed.
    """

    def __init__(self, intake: Intake, source_of: Callable[[str, str], str], host: str, port: int) -> None:
        import grpc  # noqa: PLC0415  only a process that takes telemetry needs it

        self._intake = intake
        self._source_of = source_of
        self._codes = grpc.StatusCode
        # a message that inflates to more is refused while it is read
        options = [("grpc.max_receive_message_length", intake.most_bytes), ("grpc.so_reuseport", 0)]
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="otlp-grpc")
        self._server = grpc.server(pool, options=options)
        for kind, service in _SERVICES.items():
            method = grpc.unary_unary_rpc_method_handler(partial(self._export, kind))  # bytes in, bytes out
            handler = grpc.method_handlers_generic_handler(service, {"Export": method})
            self._server.add_generic_rpc_handlers((handler,))
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            self.port = int(self._server.add_insecure_port(address))
        except RuntimeError:
            fix = "stop the other program, or name another address in [telemetry] grpc"
            raise PortTaken(f"cannot listen at {address}", slug="port-taken", fix=fix) from None
        self._server.start()

    def close(self) -> None:
        """Take nothing more."""
        self._server.stop(_CLOSE_S).wait()

    def _export(self, kind: SignalKind, request: bytes, context: Any) -> bytes:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        try:
            source = self._source_of(_address(context.peer()), metadata.get("authorization", ""))
            if not source:
                context.abort(self._codes.UNAUTHENTICATED, NOT_ALLOWED)
            return self._intake.take(kind, request, PROTOBUF, "", source=source)[0]
        except BadTelemetry as refusal:
            context.abort(self._codes.INVALID_ARGUMENT, str(refusal))
        except SpoolFull as full:
            context.abort(self._codes.UNAVAILABLE, str(full))
        except StoreError as error:
            context.abort(self._codes.UNAVAILABLE, error.what)
        raise AssertionError("abort raises")


def _address(peer: str) -> str:
    """Return the address in `ipv4:127.0.0.1:5000` or `ipv6:[::1]:5000`; "" of others."""
    family, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if family in {"ipv4", "ipv6"} else ""
