"""The source maps of a build's folder: found, checked before the first error, and uploaded."""

from __future__ import annotations

import base64
import gzip
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote, urlsplit

from outrider.app.access.audit_trail import command_line_change
from outrider.app.access.workspace_access import now_us
from outrider.errors import LARGEST_MAP, BadSourceMap, debug_id_of, read_source_map, script_paths
from outrider.model import SourceMapEntry, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrider.errors import SourceMap
    from outrider.model import AuditLog, SourceMapLog

ANY_HOST: Final = "~/"
_SCRIPTS: Final = frozenset({".js", ".mjs", ".cjs"})
_LARGEST_SCRIPT: Final = 100_000_000
_MOST_SCRIPTS: Final = 20_000
_MARK: Final = re.compile(rb"[#@][ \t]*sourceMappingURL=([^\s'\"]+)")
_DEBUG_ID: Final = re.compile(rb"(?://[#@][ \t]*debugId=|sentry-dbid-)([0-9a-fA-F-]{32,36})")
_INLINE: Final = b"data:"
_SHOWN_NAMES: Final = 3
_LONG_LINE: Final = 1_000


@dataclass(frozen=True, slots=True)
class MapScope:
    """For what maps hold.

    Attributes:
        prefix: What stands before the path of a script within the folder: `~/static/`, or an address.
        addresses: Of scripts as pages load them, to check against.
    """

    project: int = 0
    release: str = ""
    dist: str = ""
    prefix: str = ANY_HOST
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedScript:
    """A script of a build, and what is to be said about its map.

    Attributes:
        script: Its path in the folder.
        path: By what it is found.
        content: Its map; empty if there is none that can be used.
        problems: Why it will not be found, or not be of use.
        warnings: What will be missing.
    """

    script: str
    path: str
    content: bytes = b""
    debug_id: str = ""
    sources: int = 0
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class SourceMapRecords(Protocol):
    """What uploading needs of the store."""

    @property
    def source_maps(self) -> SourceMapLog:
        """Source maps."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""
        ...


def check_build(folders: Sequence[Path], scope: MapScope) -> tuple[CheckedScript, ...]:
    """Return the scripts of folders with what is wrong about their maps; nothing outside of the folders is read.

    Raises:
        UsageError: no-scripts, if there is none.
    """
    scripts = [_checked(script, folder, scope) for folder in folders for script in _scripts(folder)]
    if not scripts:
        names = ", ".join(map(str, folders))
        raise UsageError(f"{names}: no script is there", slug="no-scripts", fix="name the folder of what was built")
    return (*scripts, *_not_built(scripts, scope))


def upload_maps(records: SourceMapRecords, scripts: Sequence[CheckedScript], scope: MapScope) -> int:
    """Keep the maps of scripts that have no problem; return how many. They are applied to errors of now and before."""
    usable = [script for script in scripts if script.content and not script.problems]
    at_us = now_us()
    with tempfile.TemporaryDirectory() as folder:
        entries = []
        for number, script in enumerate(usable):
            file = Path(folder) / str(number)
            file.write_bytes(gzip.compress(script.content, 6, mtime=0))
            entry = SourceMapEntry(
                script.path, "", 0, at_us, scope.project, scope.release, scope.dist, script.debug_id
            )  # fmt: skip
            entries.append((entry, file))
        detail = f"{len(entries)} of release {scope.release or 'any'}"
        if entries:
            with records.audit.alongside(command_line_change("sourcemaps.upload", scope.prefix, detail)):
                records.source_maps.add(entries)
    return len(usable)


def _scripts(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    files = sorted(file for file in folder.rglob("*") if file.suffix in _SCRIPTS and file.is_file())
    yield from (file for file in files[:_MOST_SCRIPTS] if "node_modules" not in file.relative_to(folder).parts)


def _checked(script: Path, folder: Path, scope: MapScope) -> CheckedScript:
    root = folder if folder.is_dir() else folder.parent
    name = script.relative_to(root).as_posix()
    checked = CheckedScript(printable(str(script)), f"{scope.prefix.rstrip('/')}/{name}")
    if not script.resolve().is_relative_to(root.resolve()):
        return _with(checked, problems=["it is a link to a file outside of the folder"])
    if script.stat().st_size > _LARGEST_SCRIPT:
        return _with(checked, problems=[f"it has more than {_LARGEST_SCRIPT:,} bytes"])
    code = script.read_bytes()
    try:
        content = _content(script, root, code)
        source_map = read_source_map(content)
    except BadSourceMap as problem:
        return _with(checked, problems=[str(problem)])
    return _judged(_with(checked, content=content), code, source_map, name, scope)


def _content(script: Path, root: Path, code: bytes) -> bytes:
    """Return the map of a script.

    Raises:
        BadSourceMap: If there is none within the folder.
    """
    at = code.rfind(b"sourceMappingURL=")
    mark = _MARK.search(code, max(0, at - 8)) if at >= 0 else None
    if mark is not None and mark[1].startswith(_INLINE):
        return _inline(mark[1])
    beside = script.with_name(f"{script.name}.map")
    if mark is None:
        if not beside.is_file():
            raise BadSourceMap(f"it has no source map: neither a line sourceMappingURL nor {beside.name} is there")
        target = beside
    else:
        named = urlsplit(mark[1].decode("utf-8", "replace"))
        path = unquote(named.path)
        target = script.with_name(path.rpartition("/")[2]) if named.scheme else script.parent / path
    return _file(target, root)


def _file(target: Path, root: Path) -> bytes:
    shown = printable(target.name[:200])
    try:
        if not target.resolve().is_relative_to(root.resolve()):
            raise BadSourceMap(f"it names a source map outside of the folder: {shown}")
        size = target.stat().st_size
        if size > LARGEST_MAP:
            raise BadSourceMap(f"its source map has {size:,} bytes, and {LARGEST_MAP:,} at most are read")
        return target.read_bytes()
    except (OSError, ValueError):
        raise BadSourceMap(f"it names a source map that is not there: {shown}") from None


def _inline(address: bytes) -> bytes:
    head, _, data = address.partition(b",")
    try:
        return base64.b64decode(data, validate=True) if head.endswith(b"base64") else unquote(data.decode()).encode()
    except ValueError:
        raise BadSourceMap("its source map, which stands in it, is damaged") from None


def _judged(checked: CheckedScript, code: bytes, source_map: SourceMap, name: str, scope: MapScope) -> CheckedScript:
    mark = _DEBUG_ID.search(code, max(0, code.rfind(b"debugId=") - 8)) or _DEBUG_ID.search(code)
    own = debug_id_of(mark[1].decode()) if mark else ""
    problems = [*_misfits(code, source_map), *_other_id(own, source_map), *_elsewhere(checked.path, name, scope)]
    warnings = [*_without_text(source_map), *_found_by_path(own or source_map.debug_id, checked.path, scope)]
    return _with(
        checked,
        debug_id=own or source_map.debug_id,
        sources=len(source_map.paths),
        problems=problems,
        warnings=warnings,
    )


def _misfits(code: bytes, source_map: SourceMap) -> Iterator[str]:
    """Yield why a map cannot be that of a script."""
    lines = code.decode("utf-8", "replace").split("\n")
    if not source_map.mappings:
        yield "its source map maps nothing"
        return
    last = source_map.last_line
    if last > len(lines):
        yield f"its source map is for another file: it goes to line {last:,}, and the script has {len(lines):,}"
        return
    number = max(range(len(lines)), key=lambda index: len(lines[index]))
    for line in dict.fromkeys((number + 1, last)):
        column, length = source_map.last_column(line), _length(lines[line - 1])
        if column > length + 1:
            yield (
                f"its source map is for another file: it goes to column {column:,} of line {line:,}, "
                f"which has {length:,} characters"
            )
            return
        if length > _LONG_LINE and column * 2 < length:
            yield (
                f"its source map is for another file: it ends at column {column:,} of line {line:,}, "
                f"which has {length:,} characters"
            )
            return


def _length(line: str) -> int:
    """Return how long a line is in the units of source maps, those of UTF-16."""
    return len(line.encode("utf-16-le", "surrogatepass")) // 2


def _other_id(own: str, source_map: SourceMap) -> Iterator[str]:
    if own and source_map.debug_id and own != source_map.debug_id:
        yield f"its source map is of another build: debug id {source_map.debug_id}, and the script has {own}"


def _elsewhere(path: str, name: str, scope: MapScope) -> Iterator[str]:
    """Yield what differs between the address of a script and that by which it will be found."""
    file = name.rpartition("/")[2]
    for address in scope.addresses:
        paths = script_paths(address)
        if paths[-1].rpartition("/")[2] != file or path in paths:
            continue
        if paths[-1].endswith(f"/{name}"):
            prefix = paths[-1].removesuffix(name)
            yield f"pages load it as {address}, and it would be found as {path}: use --url-prefix '{prefix}'"
        else:
            yield f"pages load it as {address}, and it would be found as {path}: name the folder that is served"


def _without_text(source_map: SourceMap) -> Iterator[str]:
    without = [path for number, path in enumerate(source_map.paths) if not source_map.has_content(number)]
    if without:
        names = ", ".join(without[:_SHOWN_NAMES])
        yield (
            f"{len(without)} of {len(source_map.paths)} sources have no text in it ({names}): errors will show no "
            "lines of them and no names of functions; have the bundler write sourcesContent"
        )


def _found_by_path(debug_id: str, path: str, scope: MapScope) -> Iterator[str]:
    if not debug_id and not scope.release:
        yield f"no debug id and no --release: every release finds it as {path}, until the next upload"


def _not_built(scripts: Sequence[CheckedScript], scope: MapScope) -> Iterator[CheckedScript]:
    """Yield the scripts that pages load and no folder has."""
    names = {script.path.rpartition("/")[2] for script in scripts}
    for address in scope.addresses:
        path = script_paths(address)[-1]
        if path.rpartition("/")[2] not in names:
            yield CheckedScript(address, path, problems=("pages load it, and no folder has a script of its name",))


def _with(
    script: CheckedScript, *, content: bytes = b"", debug_id: str = "", sources: int = 0,
    problems: Sequence[str] = (), warnings: Sequence[str] = (),
) -> CheckedScript:  # fmt: skip
    return CheckedScript(
        script.script, script.path, content or script.content, debug_id, sources, tuple(problems), tuple(warnings)
    )
