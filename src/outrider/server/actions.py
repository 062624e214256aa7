"""What people and programs can do, as the server asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from outrider.server.openapi_document import Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrider.alerts import SilenceEffect
    from outrider.dashboard import StatusPageSources
    from outrider.model import AuditEntry, Silence

    Note = Callable[[str, str, str], AuditEntry]

TEXT_CHARACTERS = 1_000
_YES = frozenset({"on", "1", "true", "yes"})


class Actions(Protocol):
    """What can be done; each raises a `UsageError` for what makes no sense, and changes nothing then."""

    def run(self, check: str, location: str, note: Note) -> str:
        """Have a check run at once; return the run's id."""
        ...

    def pause(self, check: str, reason: str, note: Note) -> None:
        """Pause a check."""
        ...

    def resume(self, check: str, note: Note) -> None:
        """Resume a check."""
        ...

    def acknowledge(self, incident: str, author: str, note: Note, *, resolve: bool) -> None:
        """Acknowledge an incident, or resolve it."""
        ...

    def assign(self, incident: str, assignee: str, author: str, note: Note) -> None:
        """Assign an incident; to nobody if `assignee` is empty."""
        ...

    def comment(self, incident: str, text: str, author: str, note: Note) -> None:
        """Comment on an incident."""
        ...

    def change_issues(
        self, action: str, issues: Sequence[str], inputs: Mapping[str, str], author: str, note: Note
    ) -> str:
        """Do something to issues; return what was done."""
        ...

    def annotate(self, text: str, matchers: Sequence[str], at: str, author: str, note: Note) -> str:
        """Note a text at a time, now if `at` is empty; return the annotation's id."""
        ...

    def remove_annotation(self, annotation: str, note: Note) -> None:
        """Remove an annotation."""
        ...

    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that have not ended."""
        ...

    def preview(self, matchers: Sequence[str]) -> SilenceEffect:
        """Return what a silence would mute now."""
        ...

    def silence(self, matchers: Sequence[str], length: str, author: str, comment: str, note: Note) -> str:
        """Silence what fulfils all matchers; return the silence's id."""
        ...

    def end_silence(self, silence: str, note: Note) -> None:
        """End a silence."""
        ...

    def save_view(self, page: str, name: str, query: str, author: str, note: Note) -> str:
        """Save a query of a page under a name, in the place of one that has it; return the view's id."""
        ...

    def remove_view(self, view: str, note: Note) -> None:
        """Remove a saved view."""
        ...

    def mark_release(self, name: str, environment: str, note: Note, *, accept: bool, commits: str) -> None:
        """Mark a deploy; `commits` are those of `git log --name-only`."""
        ...

    def environment_note(self, environment: str) -> str:
        """Return that no check runs in an environment, if one is named, and what may have been meant."""
        ...

    def status_page(self) -> StatusPageSources | None:
        """Return what the public status page is made from; None without one."""
        ...

    def open_status_incident(self, inputs: Mapping[str, str], components: Sequence[str], note: Note) -> str:
        """Open an incident on the public status page; return its id."""
        ...

    def update_status_incident(
        self, incident: str, inputs: Mapping[str, str], components: Sequence[str], note: Note
    ) -> str:
        """Add an update to an incident of the public status page; return the incident's id."""
        ...


@dataclass(frozen=True, slots=True)
class ActionBody:
    """What was done, and by whom; `id` is that of a run that was requested or a silence that was made, else empty.

    `warning` says what may not be meant, such as an environment that no check runs in.
    """

    done: str
    id: str
    by: str
    warning: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An action that is asked for: by whom, of what, and with which words."""

    name: str
    inputs: Mapping[str, str]
    author: str
    note: Note

    def lines(self, name: str) -> list[str]:
        """Return the lines of an input that are not blank."""
        return [line.strip() for line in self.inputs.get(name, "").splitlines() if line.strip()]

    def is_on(self, name: str) -> bool:
        """Return whether an input says yes."""
        return self.inputs.get(name, "").lower() in _YES


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done.

    Attributes:
        path: Of its form; in the API below `API_ROOT`. What it is done to stands in braces, as `name`.
        done: The word for what was done, which pages explain.
        perform: Does it, and returns the id of what it made.
        back: Address of the page that its form leads back to.
        warn: Says what may not be meant; pages explain it by the word for what was done with "-warned".
    """

    path: str
    summary: str
    done: str
    fields: tuple[Parameter, ...]
    perform: Callable[[Actions, Asked], str | None]
    back: Callable[[Asked], str]
    warn: Callable[[Actions, Asked], str] = lambda _actions, _asked: ""


def text_field(name: str, description: str, **more: object) -> Parameter:
    """Return an input of an action."""
    return Parameter(name, description, {"type": "string", "maxLength": TEXT_CHARACTERS, **more})
