"""Runs, and what workers and server tell each other, as JSON documents and back. Reading trusts nothing.

A document says what the dataclass says, by the names of its fields; defaults are left out. What is read has the types
that the dataclass declares, whoever wrote it.
"""

from __future__ import annotations

import gzip
import json
import types
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from outrider import model
from outrider.model import Run, UsageError

T = TypeVar("T")

_NAMES = {**vars(model), "Mapping": Mapping, "Path": Path}
_DEEPEST = 32
_MOST_BYTES = 64 << 20


class BadDocument(UsageError):
    """A document is not what it should be."""

    def __init__(self, why: str) -> None:
        fix = "it was changed on its way, or is of another version"
        super().__init__(f"a message cannot be read: {why}", slug="bad-message", fix=fix)


def to_document(value: Any) -> Any:
    """Return a value of the model as what JSON can hold; of a file its content's address, and not where it lies."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return {own.name: to_document(getattr(value, own.name)) for own in fields(value) if _is_told(value, own)}
    if isinstance(value, Mapping):
        return {str(name): to_document(item) for name, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [to_document(item) for item in value]
    return value


def from_document(kind: type[T], document: object) -> T:
    """Return the value of a dataclass that a document describes.

    Raises:
        BadDocument: If it describes none.
    """
    value: T = _read(kind, document, kind.__name__, _DEEPEST)
    return value


def _is_told(value: object, own: Any) -> bool:
    return own.default is MISSING or getattr(value, own.name) != own.default


def _read(kind: Any, document: Any, where: str, depth: int) -> Any:
    if depth == 0:
        raise BadDocument(f"{where} is nested too deeply")
    kind = getattr(kind, "__supertype__", kind)  # a NewType
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _read_union(arguments, document, where, depth)
    if origin is tuple:
        items = _as(list, document, where)
        return tuple(_read(arguments[0], item, f"{where}[{n}]", depth - 1) for n, item in enumerate(items))
    if origin is not None and issubclass(origin, Mapping):
        return {
            _read_key(arguments[0], name, where): _read(arguments[1], item, f"{where}.{name}", depth - 1)
            for name, item in _as(dict, document, where).items()
        }
    if is_dataclass(kind):
        return _read_dataclass(kind, _as(dict, document, where), where, depth)
    return _read_plain(kind, document, where)


def _read_union(arguments: tuple[Any, ...], document: Any, where: str, depth: int) -> Any:
    if document is None and type(None) in arguments:
        return None
    (kind,) = (kind for kind in arguments if kind is not type(None))
    return _read(kind, document, where, depth)


def _read_dataclass(kind: Any, document: dict[str, Any], where: str, depth: int) -> Any:
    hints = _hints(kind)
    if unknown := sorted(document.keys() - hints.keys()):
        raise BadDocument(f"{where} has no {unknown[0][:80]}")
    values = {name: _read(hints[name], item, f"{where}.{name}", depth - 1) for name, item in document.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise BadDocument(f"{where}: {error}") from None


def _read_plain(kind: Any, document: Any, where: str) -> Any:
    if kind is float:
        try:
            return float(_as((int, float), document, where))
        except OverflowError:
            raise BadDocument(f"{where} is larger than a number can be") from None
    if kind is Path:
        return Path(Path(_as(str, document, where)).name)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(document)
        except ValueError:
            raise BadDocument(f"{where} has no value {str(document)[:80]!r}") from None
    if isinstance(kind, type) and issubclass(kind, str):
        return kind(_as(str, document, where))
    return _as(kind, document, where)


def _read_key(kind: Any, name: str, where: str) -> object:
    if kind is not int:
        return name
    try:
        return int(name)
    except ValueError:
        raise BadDocument(f"{where} has a name that is no number") from None


def _as(kind: Any, document: Any, where: str) -> Any:
    is_flag_for_number = isinstance(document, bool) and kind is not bool
    if not isinstance(document, kind) or is_flag_for_number:
        raise BadDocument(f"{where} is of another kind")
    return document


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, localns=_NAMES)


def packed_run(run: Run) -> bytes:
    """Return a run as a document, packed by gzip."""
    return gzip.compress(json.dumps(to_document(run)).encode(), 5)


def unpacked_run(packed: bytes) -> Run:
    """Return the run that a packed document describes.

    Raises:
        BadDocument: If it describes none, or has more than 64 MiB.
    """
    try:
        with gzip.open(BytesIO(packed)) as file:
            document = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise BadDocument("it is not packed by gzip") from None
    if len(document) > _MOST_BYTES:
        raise BadDocument(f"it has more than {_MOST_BYTES >> 20} MiB")
    return from_document(Run, read_json(document))


def read_json(content: bytes) -> object:
    """Return what JSON says.

    Raises:
        BadDocument: If it is none.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise BadDocument("it is no JSON") from None
