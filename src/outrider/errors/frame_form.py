"""The form of a frame: its module and function, as they are in every build, browser and process. Pure.

What compilers, bundlers and run times put into names goes: hashes of builds, numbers of lambdas and of anonymous
classes, generated proxies, addresses. A line and a column never belong to it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from outrider.model import StackFrame

_SCRIPTS: Final = frozenset({"javascript", "node"})
_LEAST_NAME: Final = 3
"""Shorter names of JavaScript are a minifier's: they mean another function in the next build."""


class FrameForm(NamedTuple):
    """A frame without what differs from build to build; `function` is empty where nothing lasting is known of it."""

    module: str
    function: str

    @property
    def text(self) -> str:
        """For people and for keys."""
        return f"{self.function} in {self.module}" if self.function and self.module else self.function or self.module


_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]+")
_FUNCTION: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"::h[0-9a-f]{16}$", ""),  # Rust: the hash of a crate
        (r"\{\{?closure\}?(?:#\d+)?\}\}?|\{closure[^}]*\}", "{closure}"),  # Rust, PHP
        (r"(?:block(?: \(\d+ levels\))?|rescue|ensure) in ", ""),  # Ruby
        (r"^<>c(?:__DisplayClass\d+_\d+)?\.", ""),  # C#: the class of closures
        (r"<(\w+)>[bg]__[\w|]*\d+(?:_\d+)?", r"\1 lambda"),  # C#: a lambda, a local function
        (r"<(\w+)>d__\d+(?:`\d+)?(?:\.MoveNext)?", r"\1"),  # C#: an async method
        (r"`\d+(?:\[.*\])?", ""),  # .NET: the number of type arguments
        (r"\$\$(?:EnhancerBy|FastClassBy)\w+\$\$[0-9a-f]+", ""),  # CGLIB
        (r"\$\$Lambda(?:\$|/)?[\d/$]*(?:0x[0-9a-f]+)?", "$$Lambda"),  # Java
        (r"lambda\$(\w+?)\$\d+", r"\1 lambda"),  # Java
        (r"\$anonfun\$(\w+?)\$\d+", r"\1 lambda"),  # Scala
        (r"(Generated(?:Method|Constructor)Accessor|\$Proxy)\d+", r"\1"),  # Java reflection
        (r"\$\d+\b", "$"),  # Java, Kotlin: anonymous classes
        (r"(\.func)\d+(?:\.\d+)*", r"\1"),  # Go
        (r"(^|\.)\(\*(\w+)\)", r"\1\2"),  # Go: a pointer receiver
        (r"@anonymous.*", "@anonymous"),  # PHP: followed by a path and a number
        (r"_+(?:(?=[a-f]*\d)[0-9a-f]{8,}|\d{5,})(?:_\d+)*\b", ""),  # templates: `_app_views_home_erb__12345_678`
    )
)
_SCRIPT_FUNCTION: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"\s*\[as [^\]]*\]$", ""),
        (r"^(?:async|new|get|set|static|global code|module code|eval code)\s+", ""),
        (r"(?:/<|<)+$", ""),  # Firefox: an anonymous function in another
        (r"^.*/(?=[\w$.]+$)", ""),
    )
)
_IDENTIFIER: Final = re.compile(r"[\w$]+")
_ANONYMOUS: Final = frozenset({
    "", "?", "<unknown>", "<anonymous>", "anonymous", "(anonymous)", "(anonymous function)", "(unknown)", "eval", "</<",
    "global code", "module code", "[native code]", "(root)", "<redacted>",
})  # fmt: skip
_TRANSPARENT: Final = frozenset({"<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>"})
"""Frames of Python's comprehensions, which 3.12 has no more."""
_NATIVE: Final = frozenset({"[native code]", "<anonymous>", "native"})
_NO_MODULE: Final = frozenset({"", "?", "<unknown>", "(unknown)", "unknown"})

_QUERY: Final = re.compile(r"[?#].*$")
_SCHEME: Final = re.compile(
    r"^(?:file|webpack|webpack-internal|app|capacitor):/*|^(?:[a-z][\w+.-]*:)?//[^/]*|^~/|^[A-Za-z]:[/\\]"
)
_PATH: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"(?<=[.\-_~])(?=[A-Za-z_-]*\d)[A-Za-z0-9_]{8,}(?=\.|$)", "*"),  # index-B3kd92ka.js, app.3f9a2b1c.js
        (r"(?<=-)(?=[a-z]*[A-Z])(?=[A-Z]*[a-z])[A-Za-z_]{8}(?=\.)", "*"),  # a hash of Vite that has no digit
        (r"\b(?=[a-f]*\d)[0-9a-f]{8,}\b", "*"),
        (r"(?<=[.\-_])(?=[a-f]*\d)[0-9a-f]{4,}(?=\.|$)", "*"),
        (r"@v?\d+(?:\.\d+)+[\w.+-]*", ""),  # react-dom@16.13.1, module@v1.2.3
        (r"[-_.]?\bv?\d+\.\d+(?:\.\d+)*\b", ""),  # jquery-3.6.0
        (r"\b\d+(?=\.|$)", "*"),  # 787.js, a chunk
        (r"\.(?:min|bundle|chunk|prod|production|development|module)(?=\.)", ""),
        (r"[.\-_]?\*(?:[.\-_]\*)*(?=\.\w+$)", ""),
    )
)  # fmt: skip


@lru_cache(maxsize=16_384)
def _form(module: str, function: str, path: str, *, is_script: bool) -> FrameForm:
    if function in _TRANSPARENT:
        return FrameForm("", "")
    name = _script_function(function) if is_script else _function(function)
    own = "" if is_script and path else module
    return FrameForm(_module(own) if own not in _NO_MODULE else path_form(path), name)


def frame_form(frame: StackFrame, platform: str) -> FrameForm:
    """Return the form of a frame of a platform, as Sentry's clients name it ("python", "javascript", …)."""
    is_script = platform in _SCRIPTS
    return _form(frame.module[:500], frame.function[:500], frame.path[:500], is_script=is_script)


def is_native(frame: StackFrame) -> bool:
    """Return whether a frame is of the run time itself, which one browser shows and another hides."""
    return frame.path in _NATIVE


def path_form(path: str) -> str:
    """Return the last two parts of a path, without a host, a query, versions and hashes of builds."""
    if path in _NATIVE:
        return ""
    plain = _SCHEME.sub("", _QUERY.sub("", path)).replace("\\", "/").removeprefix("./")
    parts = [part for part in plain.split("/") if part not in {"", ".", "..", "_next", "static"}][-2:]
    for pattern, text in _PATH:
        parts = [pattern.sub(text, part) for part in parts]
    return "/".join(part for part in parts if part not in {"", "*"}) or "*"


def _module(module: str) -> str:
    name = _function(module)
    return name if "/" not in name else path_form(name)


def _function(function: str) -> str:
    if function in _ANONYMOUS:
        return ""
    name = _ADDRESS.sub("", function)
    for pattern, text in _FUNCTION:
        name = pattern.sub(text, name)
    return _without_arguments(name).strip()


def _without_arguments(name: str) -> str:
    """Return a name of C++ or Swift without what stands in its parentheses and angle brackets behind a name."""
    if "(" not in name or name.startswith("("):
        return name
    head, _, rest = name.partition("(")
    return name if rest.startswith("*") or not head.strip() else head.rsplit(" ", 1)[-1]


def _script_function(function: str) -> str:
    name = function
    for pattern, text in _SCRIPT_FUNCTION:
        name = pattern.sub(text, name)
    name = name.rsplit(".", 1)[-1]
    is_lasting = len(name) >= _LEAST_NAME and name not in _ANONYMOUS and _IDENTIFIER.fullmatch(name)
    return name if is_lasting else ""
