"""Start the shop and its third party: `python -m demo`; OTEL_EXPORTER_OTLP_ENDPOINT names a receiver of telemetry."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from demo.accounts import Accounts, BadTotpSecret
from demo.http_servers import Doors, PortTaken, listen, serve
from demo.store import open_database


def main(arguments: Sequence[str]) -> int:
    """Serve all of it until interrupted; 2 if it cannot start."""
    options = _parser().parse_args(arguments)
    # A plain SIGTERM would skip the clean-up of the temporary data.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with (
            listen(options.host, options.port) as shop,
            listen(options.host, _beside(options.third_party_port, options.port, 1)) as third_party,
            listen(options.host, _beside(options.tls_port, options.port, 2)) as tls,
            listen(options.host, _beside(options.dns_port, options.port, 3), socket.SOCK_DGRAM) as names,
            listen("127.0.0.1", 0) as catalogue,
            listen("127.0.0.1", 0) as payment,
            _data_file(options.data) as path,
            contextlib.closing(open_database(path)) as connection,
        ):
            doors = Doors(shop, third_party, tls, names, catalogue, payment)
            asyncio.run(serve(connection, Accounts.from_environment(os.environ), doors))
    except (PortTaken, BadTotpSecret) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8700, help="the shop's port; 0 picks a free one")
    beside = "default: beside the shop's, or a free one if the shop's is"
    parser.add_argument("--third-party-port", type=int, help=f"the third party's port ({beside})")
    parser.add_argument("--tls-port", type=int, help=f"the port of the front that speaks TLS ({beside})")
    parser.add_argument("--dns-port", type=int, help=f"the port of the name server ({beside})")
    parser.add_argument("--data", type=Path, help="a SQLite file to keep; without it the data is temporary")
    return parser


def _beside(chosen: int | None, shop_port: int, distance: int) -> int:
    return chosen if chosen is not None else shop_port and shop_port + distance


@contextlib.contextmanager
def _data_file(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="milepost-") as folder:
        yield Path(folder) / "shop.db"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
