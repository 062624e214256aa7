"""A server with users and sessions, asked from wherever a test wants."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from argon2 import PasswordHasher
from tests.builders import new_store

from outrider.dashboard import Sources
from outrider.model import Role, ServiceView, User
from outrider.server import Access, AccessRules, application
from outrider.workspace import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.applications import Starlette

    from outrider.store import Store

START_US = 1_800_000_000_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
PASSWORD = "correct horse battery"
VIEW = ServiceView(True, True, (), {}, 0.0, 0, 0, 0)
FAR = "10.0.0.9"


@cache
def password_hash() -> str:
    """Return a hash of the usual password that is quickly compared, as it says; ours take a tenth of a second."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass
class Server:
    """Pages of a store, the time, and what decides who sees them."""

    store: Store
    settings: ServerSettings = field(default_factory=ServerSettings)
    is_loopback: bool = False
    hosts: tuple[str, ...] = ("outrider.example",)
    now_us: int = START_US

    def __post_init__(self) -> None:
        self.access = Access(self.store, AccessRules(self.settings, self.is_loopback), lambda: self.now_us)
        self.application = self._application()

    def use(self, is_loopback: bool | None = None, **settings: Any) -> None:
        """Change the settings, as saving the file does."""
        self.settings = ServerSettings(**settings)
        self.is_loopback = self.is_loopback if is_loopback is None else is_loopback
        self.access.use(AccessRules(self.settings, self.is_loopback))
        self.application = self._application()

    def _application(self) -> Starlette:
        sources = Sources(
            self.store, lambda: (), lambda: VIEW, lambda: self.now_us, "milepost",
            replay_role=self.settings.replay_role, personal_role=self.settings.personal_role,
        )  # fmt: skip
        return application(self.store.heartbeats, None, lambda: self.now_us, sources, self.hosts, access=self.access)

    def add_user(self, name: str = "ada", role: Role = Role.ADMIN) -> User:
        """Add a user with the usual password."""
        user = User(name, role, password_hash(), self.now_us, self.now_us)
        assert self.store.users.add(user)
        return user

    def browser(self, address: str = FAR, base_url: str = "http://outrider.example") -> Browser:
        """Return a browser at an address."""
        return Browser(self, address, base_url)


class Browser:
    """Keeps cookies, and sends what browsers send."""

    def __init__(self, server: Server, address: str, base_url: str) -> None:
        self._server = server
        self._address = address
        self._base_url = base_url
        self.cookies = httpx.Cookies()

    def send(
        self, method: str, path: str, headers: dict[str, str] | list[tuple[str, str]] | None = None, **body: Any
    ) -> httpx.Response:
        """Return what the server answers; redirects are not followed."""

        pairs = headers.items() if isinstance(headers, dict) else headers or []
        sent = [(name.encode(), value.encode()) for name, value in pairs]

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._server.application, client=(self._address, 1234))
            async with httpx.AsyncClient(transport=transport, base_url=self._base_url, cookies=self.cookies) as client:
                answer = await client.request(method, path, headers=sent, **body)
                self.cookies = httpx.Cookies(client.cookies)
                return answer

        return asyncio.run(ask())

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, headers)

    def submit(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form as a page of our own does."""
        return self.send("POST", path, {"Sec-Fetch-Site": "same-origin", **headers}, data=fields)

    def sign_in(self, name: str = "ada", password: str = PASSWORD, wanted: str = "/") -> httpx.Response:
        return self.submit("/sign-in", {"name": name, "password": password, "next": wanted})

    def form_token(self, path: str = "/account") -> str:
        """Return the token that the forms of a page carry."""
        match = re.search(r'name="form_token" value="(\w+)"', self.get(path).text)
        assert match is not None
        return match[1]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that is bound to an address which others reach."""
    store = new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts")
    yield Server(store)
    store.close()
