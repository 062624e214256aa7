"""Texts with variables, `${NAME}` or `${NAME:-otherwise}`: known ones are filled when a file is read, others later."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from outrider.workspace.suggestions import nearest
from outrider.workspace.tables import Refused
from outrider.workspace.variable_names import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from re import Match

    from outrider.workspace.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Name:
    """A place that is filled when the probe runs."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text, parts of which may only be known when the probe runs; hidden from `repr`, as it may hold secrets."""

    parts: tuple[str | Name, ...] = field(repr=False)

    @property
    def names(self) -> frozenset[str]:
        """What is still to be filled."""
        return frozenset(part.name for part in self.parts if isinstance(part, Name))

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text; `values` must hold every one of `names`."""
        return "".join(values[part.name] if isinstance(part, Name) else part for part in self.parts)


class Variables(dict[str, str]):
    """What texts may name: the environment, the workspace's own, and its secrets; missing ones are known by reason."""

    def __init__(self, environ: Mapping[str, str], workspace_env: Mapping[str, str], secrets: Secrets) -> None:
        super().__init__({**environ, **workspace_env, **{name: secrets[name].reveal() for name in secrets}})
        self.missing = secrets.missing
        self.declared = frozenset({*workspace_env, *secrets})
        for name in self.missing:
            self.pop(name, None)

    def quoted(self) -> Self:
        """Return the same with values that can stand for a user or a password in a URL."""
        variables = copy(self)
        for name, value in self.items():
            variables[name] = quote(value, safe="", errors="surrogateescape")
        return variables


def read_template(text: str, variables: Mapping[str, str], later: Collection[str] = ()) -> Template:
    """Return `text` with its variables filled, but for those that are only known `later`, which hide others.

    `$${` stands for `${` itself; a dollar sign before anything else, as in JSONPath, is itself.

    Raises:
        Refused: If a variable is unknown and has no default, or is not written properly.
    """
    parts: list[str | Name] = []
    end = 0
    for match in VARIABLE.finditer(text):
        parts.append(text[end : match.start()])
        parts.append(_part(match, variables, later))
        end = match.end()
    parts.append(text[end:])
    return Template(_joined(parts))


def _part(match: Match[str], variables: Mapping[str, str], later: Collection[str]) -> str | Name:
    if match["escaped"]:
        return "$"
    if match["broken"]:
        raise Refused("has a ${ that names no variable", "write ${NAME}, ${NAME:-default}, or $${ for itself")
    name = match["name"]
    if name in later:
        return Name(name)
    if name in variables:
        return variables[name]
    if match["otherwise"] is not None:
        return str(match["otherwise"])
    if isinstance(variables, Variables) and (problem := variables.missing.get(name)):
        raise Refused(f"names {name}, and {problem.what}", problem.fix, problem.slug)
    declared = variables.declared if isinstance(variables, Variables) else variables
    known = nearest(name, sorted({*declared, *later}), sorted(variables))  # not the whole environment of the machine
    fix = f"set it below [env] or [secrets] in outrider.toml, or in the environment; {known}"
    raise Refused(f"names {name}, which is not set", fix, "unknown-variable")


def _joined(parts: list[str | Name]) -> tuple[str | Name, ...]:
    joined: list[str | Name] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)
