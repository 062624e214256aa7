"""The gate before the store and every reader: what a run brought back, without secrets and printable.

Every measurement passes it whole. It walks the fields of values, whatever they are called, so that a field that is
added is redacted too; a type that it does not know is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, TypeVar

from outrider.model import ArtifactFile, Measurement, OutriderError, Run, Subject, bounded, printable
from outrider.workspace.credential_text import hide_in_text
from outrider.workspace.file_masks import redact_file
from outrider.workspace.mask import Mask

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

TEXT_CHARACTERS: Final = 64_000
"""Most characters of any text: the store keeps fewer, but not every reader reads from the store."""

_NO_SECRETS = Mask()
_AS_THEY_ARE = (int, float, Enum, PurePath, Subject, type(None))
_WITHOUT_TEXT = re.compile(r"(?:\b(?:int|float|bool|None|Mapping|tuple|RunId|CheckId|Subject)\b|[\[\], .|])*")
_REMEMBERED: Final = 20_000
_SHORT: Final = 300
_PLACE: Final = ("environment", "location")


class Redactor:
    """Masks secrets, hides credentials and makes texts printable, in values and in files.

    Args:
        mask: Of the workspace's declared secrets.
    """

    __slots__ = ("_mask", "_texts")

    def __init__(self, mask: Mask = _NO_SECRETS) -> None:
        self._mask = mask
        self._texts: dict[str, str] = {}  # what recurs in every run: steps, metrics, attributes

    def learn(self, *secrets: str) -> Redactor:
        """Return a redactor that masks these too, such as passwords typed during a run."""
        mask = self._mask.learn(*secrets)
        return self if mask is self._mask else Redactor(mask)

    def __repr__(self) -> str:
        return f"<Redactor with {self._mask!r}>"

    def text(self, text: str) -> str:
        """Return a text without secrets and credentials, printable; the very same object if nothing was wrong."""
        known = self._texts.get(text)
        if known is not None:
            return known
        redacted = bounded(hide_in_text(self._mask.text(text)), TEXT_CHARACTERS)
        if len(text) <= _SHORT:
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            self._texts[text] = redacted
        return redacted

    def long_text(self, text: str) -> str:
        """Return a text as `text` does, whatever its length: for what is written once, such as a document."""
        return printable(hide_in_text(self._mask.text(text)))

    def file(self, path: Path) -> bool:
        """Redact a file in place, by its kind; return whether there was anything to hide.

        Raises:
            OutriderError: If it is an archive that cannot be read.
        """
        return redact_file(path, self._mask)

    def value(self, value: T) -> T:
        """Return a value with every text in it redacted, in keys too; the very same object if nothing was wrong.

        Raises:
            TypeError: If there is a value of a type that nobody said how to redact.
        """
        return self._value(value)  # type: ignore[no-any-return]  # of the type that came in

    def measurement(self, measurement: Measurement) -> Measurement:
        """Return what an attempt brought back, redacted in its texts and in its files.

        A file that cannot be read, such as an archive whose writer was killed, is left out. Of two samples that
        redaction made one, the last is kept. `omitted` says so.
        """
        redacted: Measurement = self._fields(measurement)
        files = [(artifact.name, self._artifact(artifact)) for artifact in redacted.artifacts]
        artifacts = tuple(file for _, file in files if file)
        samples = {(sample.step, sample.metric): sample for sample in redacted.samples}
        if len(samples) == len(redacted.samples) and artifacts == redacted.artifacts:
            return redacted
        lost = [f"{name}: cannot be read, so its secrets cannot be hidden" for name, file in files if not file]
        if alike := len(redacted.samples) - len(samples):
            lost.append(f"{alike} samples whose names are alike once secrets are masked")
        omitted = (*redacted.omitted, *lost)
        return replace(redacted, artifacts=artifacts, samples=tuple(samples.values()), omitted=omitted)

    def run(self, run: Run) -> Run:
        """Return a run, redacted, but for its identity: its id, its check, environment and location."""
        redacted: Run = self._fields(run)
        return replace(redacted, **{name: getattr(run, name) for name in _PLACE}) if redacted is not run else run

    def _artifact(self, artifact: ArtifactFile) -> ArtifactFile | None:
        if artifact.is_redacted:
            return artifact
        try:
            self.file(artifact.path)
        except FileNotFoundError:
            return artifact  # the store says that it is gone
        except (OutriderError, OSError):
            return None
        return replace(artifact, is_redacted=True)

    def _value(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if isinstance(value, _AS_THEY_ARE):
            return value
        if isinstance(value, Measurement):
            return self.measurement(value)
        if is_dataclass(value):
            return self._fields(value)
        if isinstance(value, bytes):
            return self._mask.data(value)
        return self._container(value)

    def _container(self, value: Any) -> Any:
        if isinstance(value, tuple | list | frozenset):
            items = [self._value(item) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        if isinstance(value, Mapping):
            pairs = {self._value(key): self._value(item) for key, item in value.items()}
            return value if pairs == value else pairs
        raise TypeError(f"nobody said how a {type(value).__name__} is redacted")

    def _fields(self, value: Any) -> Any:
        changed = {}
        for name in _names(type(value)):
            old = getattr(value, name)
            new = self._value(old)
            if new is not old:
                changed[name] = new
        return replace(value, **changed) if changed else value


_fields_of: dict[type, tuple[str, ...]] = {}


def _names(kind: type[Any]) -> tuple[str, ...]:
    """Return the fields of a dataclass that may hold text, by their annotations: what is not known to hold none may."""
    names = _fields_of.get(kind)
    if names is None:
        names = tuple(field.name for field in fields(kind) if not _WITHOUT_TEXT.fullmatch(str(field.type)))
        _fields_of[kind] = names
    return names
