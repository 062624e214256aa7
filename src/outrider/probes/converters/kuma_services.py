"""Monitors of Uptime Kuma that ask a database, a cache, a mail or a time server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

from outrider.probes.converters.conversion import literal
from outrider.probes.converters.http_parts import placeholder, split_host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrider.probes.converters.conversion import Source

_DRIVERS: Final = {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "postgres": "postgresql+psycopg"}
_SERVER: Final = ("server", "data source", "addr", "address", "network address")
_USER: Final = ("user id", "uid", "user")
_OF_SQL_SERVER: Final = {*_SERVER, *_USER, "database", "initial catalog", "password", "pwd", "port"}
_ASK_TIME: Final = "1b" + "00" * 47
_TELLS_TIME: Final = "^[12]c0[1-9a-f]"


def put_database(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    """Add the URL of SQLAlchemy and the query; the password is not copied."""
    del expect
    kind, text = source.text("type"), source.text("databaseConnectionString").strip()
    source.take("radiusPassword")
    makers = {"sqlserver": _sql_server, "oracledb": _oracle}
    table["url"] = makers.get(kind, _by_url)(source, text, name)
    usual = "SELECT 1 FROM DUAL" if kind == "oracledb" else "SELECT 1"
    table["query"] = literal(source.text("databaseQuery").strip() or usual)
    return "sql"


def _by_url(source: Source, text: str, name: str) -> str:
    """Return the URL of MySQL, MariaDB or PostgreSQL."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    options = f"?{parts.query}" if source.text("type") == "postgres" and parts.query.startswith("sslmode=") else ""
    if parts.query and not options:
        source.leave("databaseConnectionString", "has options of its driver: write those of Python's into the url")
    sign_in = _sign_in(source, unquote(parts.username or ""), name, "databaseConnectionString")
    return f"{_DRIVERS[source.text('type')]}://{sign_in}{split_host(host, port or None)}{literal(parts.path)}{options}"


def _sql_server(source: Source, text: str, name: str) -> str:
    """Return the URL of a text such as `Server=db,1433;Database=shop;User Id=watch;Password=…`."""
    pairs = [pair.partition("=") for pair in text.split(";") if pair.strip()]
    values = {key.strip().lower(): value.strip() for key, _, value in pairs}
    host, _, port = _first(values, _SERVER).removeprefix("tcp:").partition(",")
    if values.keys() - _OF_SQL_SERVER:
        source.leave("databaseConnectionString", "has options of its driver: write those of Python's into the url")
    number = port.strip() or values.get("port", "")
    sign_in = _sign_in(source, _first(values, _USER), name, "databaseConnectionString")
    address = split_host(host.strip(), int(number) if number.isdigit() else None)
    return f"mssql+pymssql://{sign_in}{address}/{quote(_first(values, ('database', 'initial catalog')))}"


def _oracle(source: Source, text: str, name: str) -> str:
    address, _, service = text.removeprefix("//").partition("/")
    source.take("basic_auth_pass")
    sign_in = _sign_in(source, source.text("basic_auth_user"), name, "basic_auth_pass")
    return f"oracle+oracledb://{sign_in}{address}/{f'?service_name={quote(service)}' if service else ''}"


def _first(values: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((values[key] for key in keys if values.get(key)), "")


def _sign_in(source: Source, user: str, name: str, key: str) -> str:
    """Return user and password as a URL has them, the password as a variable."""
    return f"{quote(user, safe='')}:{placeholder(source, name, key, 'password')}@" if user else ""


def put_redis(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    """Add a dialogue that signs in, if there is a password, and asks for an answer to PING."""
    del expect
    try:
        parts = urlsplit(source.text("databaseConnectionString").strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    table["address"] = split_host(host, port or 6379)
    if parts.scheme == "rediss":
        table["tls"] = True
        if source.flag("ignoreTls"):
            table["verify"] = False
    lines: list[dict[str, object]] = [{"send": "PING\r\n", "expect": r"^\+PONG"}]
    if parts.password:
        user = literal(unquote(parts.username or "default"))
        password = placeholder(source, name, "databaseConnectionString", "password", "unset")
        lines.insert(0, {"send": f"AUTH {user} {password}\r\n", "expect": r"^\+OK"})
    table["dialogue"] = lines
    return "tcp"


def put_smtp(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    """Add a dialogue that greets a mail server, with TLS as the monitor says."""
    del expect, name
    table["address"] = split_host(source.text("hostname"), round(source.number("port") or 25))
    greeting = {"expect": "^220 "}
    hello = {"send": "EHLO outrider.invalid\r\n", "expect": "(?m)^250 "}
    lines: list[dict[str, object]] = [dict(greeting), dict(hello)]
    security = source.text("smtpSecurity")
    if security == "secure":
        table["tls"] = True
    elif security == "starttls":
        lines += [{"send": "STARTTLS\r\n", "expect": "^220 ", "starttls": True}, dict(hello)]
    table["dialogue"] = lines
    return "tcp"


def put_ntp(source: Source, table: dict[str, object], expect: dict[str, Any], *, name: str) -> str:
    """Add a question to a time server."""
    del name
    table["address"] = split_host(source.text("hostname"), round(source.number("port") or 123))
    table["send_hex"], expect["hex"] = _ASK_TIME, _TELLS_TIME
    for key in ("ntpStratumThreshold", "ntpTimeOffsetThreshold", "ntpRootDispersionThreshold"):
        if source.take(key) is not None:
            source.leave(key, "is not judged: only that the server answers, and is synchronised")
    return "udp"
