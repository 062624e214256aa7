"""Secrets: named in the workspace, kept elsewhere, never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn

from outrider.model import ConfigError, ConfigErrors
from outrider.workspace.named_paths import expanded
from outrider.workspace.suggestions import nearest
from outrider.workspace.variable_names import variable_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from outrider.workspace.workspace_settings import SecretSource, Workspace

SHORTEST_SECRET: Final = 4
"""Fewest characters of a secret: masking a shorter value would mask ordinary text."""

_HIDDEN = "***"
_read: dict[str, None] = {}


class Secret:
    """A value that no `repr`, `str`, format, log or pickle shows; only `reveal` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({_HIDDEN})"

    def __str__(self) -> str:
        return _HIDDEN

    def __format__(self, _: str) -> str:
        return _HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("a Secret is neither pickled nor copied: hand on what reveal() returns, on purpose")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of a workspace by name.

    Attributes:
        missing: Why declared ones have no value, by name.
    """

    by_name: Mapping[str, Secret]
    missing: Mapping[str, ConfigError] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Secret:
        """Return the secret called `name`.

        Raises:
            ConfigError: If the workspace declares none of that name, or it has no value.
        """
        if name in self.missing:
            raise self.missing[name]
        if name not in self.by_name:
            raise ConfigError(
                f'"{name}" is not a secret of this workspace',
                slug="unknown-secret",
                fix=f'add {name} = {{env = "{name}"}} below [secrets] in outrider.toml; {nearest(name, self.by_name)}',
            )
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)


def resolve_secrets(workspace: Workspace, environ: Mapping[str, str]) -> Secrets:
    """Fetch every declared secret; one line break at the end of a file does not belong to it.

    Raises:
        ConfigErrors: With each secret that is missing, unreadable or too short to be masked.
    """
    secrets = available_secrets(workspace, environ)
    if secrets.missing:
        raise ConfigErrors(tuple(secrets.missing.values()))
    return secrets


def secrets_read() -> tuple[str, ...]:
    """Return the values of all secrets that this process has read: what it prints must not hold them."""
    return tuple(_read)


def forget_secrets_read() -> None:
    """Forget the secrets that this process has read, before it does as another process would."""
    _read.clear()


def available_secrets(workspace: Workspace, environ: Mapping[str, str]) -> Secrets:
    """Fetch every declared secret that has a value which can be masked, and say why others have none."""
    by_name: dict[str, Secret] = {}
    missing: dict[str, ConfigError] = {}
    for source in workspace.secrets.values():
        try:
            value = _fetch(source, workspace.root, environ)
        except ConfigError as problem:
            missing[source.name] = problem
        else:
            _read[value] = None
            by_name[source.name] = Secret(value)
    return Secrets(by_name, missing)


def service_secrets(workspace: Workspace) -> frozenset[str]:
    """Return the names of the secrets by which the service itself reaches others: no check elsewhere needs them."""
    telemetry, oidc = workspace.telemetry, workspace.server.oidc
    named = [workspace.locations.broker_password, *workspace.otel.headers.values()]
    named += variable_names(workspace.store.url)
    for source in workspace.sources:
        named += [source.token, *(secret for _, secret in source.headers)]
    if telemetry is not None:
        named += [telemetry.clickhouse_password, *telemetry.forward.headers.values()]
    if oidc is not None:
        named.append(oidc.client_secret)
    return frozenset(named) - {""}


def given_secrets(workspace: Workspace, values: Mapping[str, str]) -> Secrets:
    """Return the declared secrets by values that come from elsewhere, and say which have none."""
    missing: dict[str, ConfigError] = {}
    kept = service_secrets(workspace)
    for source in workspace.secrets.values():
        if source.name not in values:
            what, fix = f"secrets.{source.name} has no value where the service runs", "set it there"
            if source.name in kept:
                what = f"secrets.{source.name} is the service's own, which no other location gets"
                fix = "declare what checks use by a name of its own below [secrets]"
            missing[source.name] = ConfigError(what, slug="missing-secret", fix=fix, where=source.place)
    by_name = {name: value for name, value in values.items() if name in workspace.secrets}
    _read.update(dict.fromkeys(by_name.values()))
    return Secrets({name: Secret(value) for name, value in by_name.items()}, missing)


def _fetch(source: SecretSource, root: Path, environ: Mapping[str, str]) -> str:
    value = _from_environment(source, environ) if source.env else _from_file(source, root)
    if len(value) < SHORTEST_SECRET:
        raise ConfigError(
            f"secrets.{source.name} has fewer than {SHORTEST_SECRET} characters, too few to be masked",
            slug="short-secret",
            fix="use a longer value, or put it below [env] if it is no secret",
            where=source.place,
        )
    return value


def _from_environment(source: SecretSource, environ: Mapping[str, str]) -> str:
    value = environ.get(source.env or "", "")
    if not value:
        raise ConfigError(
            f"secrets.{source.name} has no value: the environment variable {source.env} is not set",
            slug="missing-secret",
            fix=f"set {source.env} where Outrider is started",
            where=source.place,
        )
    return value


def _from_file(source: SecretSource, root: Path) -> str:
    path = root / expanded(source.file or "")
    try:
        value = path.read_bytes().decode()
    except (OSError, ValueError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else str(error) if "null byte" in str(error) else "not UTF-8"
        )
        raise ConfigError(
            f"secrets.{source.name} has no value: the file {source.file} cannot be read ({reason})",
            slug="missing-secret",
            fix=f"write the secret to {path}, readable by this user",
            where=source.place,
        ) from None
    return value.removesuffix("\n").removesuffix("\r")
