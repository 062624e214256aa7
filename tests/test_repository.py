"""What holds for the repository as a whole."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click import Context

from outrider.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 500
FOLDERS = ("src", "demo", "journeys", "probes", "benchmarks", "docs", "release", ".ci")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PACKAGES = sorted((ROOT / "src").rglob("__init__.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ENGINE = ROOT / "src" / "outrider"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_re_export(statement: ast.stmt) -> bool:
    """Return whether a statement of a package re-exports names, at once or when they are used (PEP 562)."""
    match statement:
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=imports, orelse=[]):
            return all(isinstance(statement, ast.ImportFrom) for statement in imports)
        case ast.FunctionDef(name="__getattr__" | "__dir__"):
            return True
        case ast.Expr(value=ast.Constant(value=str())) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Assign(targets=[ast.Name(id="__all__" | "__version__" | "_MODULES" | "_HOMES")]):
            return True
        case _:
            return False


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    """Locks install from any mirror, and a clone stands anywhere."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")

    command = (sys.executable, ".ci/addresses.py")
    finished = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)

    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("name", "line", "is_forbidden"),
    [
        ("a.md", "https://" + "pypi" + ".org/simple", True),
        ("a.md", "https://files." + "pythonhosted" + ".org/packages", True),
        ("a.md", "registry." + "npmjs" + ".org", True),
        ("a.md", "--index-" + "url somewhere", True),
        ("a.md", "/" + "work/wt", True),
        ("a.md", "see /" + "root/.cache", True),
        ("a.md", "<" * 7 + " HEAD", True),
        ("a.md", "    " + ">" * 7 + " main", True),
        ("a.md", "network/work/item", False),
        ("a.md", "1 <<<<<<< 2", False),
        ("a.md", "example.org", False),
        ("a.md", "https://example.org", False),
        ("package-lock.json", '"url": "https://example.org"', True),
        ("dev.txt", "outrider @ git+ssh://example.org", True),
        ("dev.txt", "click==8.3.1 --hash=sha256:00", False),
    ],
)
def test_the_search_for_addresses_finds_them(tmp_path: Path, name: str, line: str, *, is_forbidden: bool) -> None:
    """A search that finds nothing must not be one that cannot find."""
    namespace: dict[str, Any] = {"__name__": "addresses", "__file__": str(ROOT / ".ci" / "addresses.py")}
    exec((ROOT / ".ci" / "addresses.py").read_text(encoding="utf-8"), namespace)  # a script, not a package
    (tmp_path / name).write_text(line, encoding="utf-8")

    assert bool(namespace["addresses"](tmp_path / name)) is is_forbidden


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module; several tests look at each."""
    return ast.parse(path.read_text(encoding="utf-8"))


def test_every_module_says_what_it_is() -> None:
    """A module's docstring is the first thing that its reader meets."""
    assert [name(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_no_module_is_longer_than_its_idea() -> None:
    """A module holds one idea; five hundred lines hold two."""
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *TESTS]}

    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_packages_only_re_export() -> None:
    """Importing a package does no work."""
    work = {
        name(path): [ast.unparse(statement) for statement in tree_of(path).body if not is_re_export(statement)]
        for path in PACKAGES
    }

    assert {path: statements for path, statements in work.items() if statements} == {}


COMMANDS = frozenset(cli.list_commands(Context(cli)))

NOUNS = {
    "finding": "what a judge or a rule noticed",
    "training": "a game day, as the command is called",
}
"""Module names that end like a gerund and are none."""


def is_gerund(module: str) -> bool:
    """Return whether a module is named for an activity instead of a thing."""
    last_word = module.rpartition("_")[2]
    return last_word.endswith("ing") and last_word not in NOUNS


def names_used_twice(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Return the names of several modules; a command's module is named for the command, whatever its room calls it."""
    places: dict[str, list[str]] = {}
    for path in paths:
        is_command = path.parent.name == "cli" and path.stem in COMMANDS
        if not is_command and path.stem not in {"__init__", "__main__"}:
            places.setdefault(path.stem, []).append(name(path))
    return {stem: where for stem, where in places.items() if len(where) > 1}


def test_a_module_is_named_for_a_thing() -> None:
    """A noun tells what a module holds; an activity tells little of what is in it."""
    assert [name(path) for path in ENGINE.rglob("*.py") if is_gerund(path.stem)] == []


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_that_ends_like_a_gerund_is_used(noun: str) -> None:
    """A list of exceptions does not outlive them."""
    assert any(path.stem.rpartition("_")[2] == noun for path in ENGINE.rglob("*.py"))


@pytest.mark.parametrize(
    ("module", "expected"), [("parsing", True), ("rev_0003_judging", True), ("finding", False), ("run_finding", False)]
)
def test_the_search_for_gerunds_finds_them(module: str, *, expected: bool) -> None:
    """A search that finds nothing must not be one that cannot find."""
    assert is_gerund(module) is expected


def test_no_module_name_stands_twice() -> None:
    """Different things have different names; commands of `cli` are named for what a user types."""
    assert names_used_twice(ENGINE.rglob("*.py")) == {}


def test_the_search_for_names_that_stand_twice_finds_them() -> None:
    """Only commands and the modules that Python names are exempt."""
    paths = [
        ENGINE / file for file in ("store/run.py", "model/run.py", "cli/run.py", "cli/judge.py", "baselines/judge.py")
    ]

    assert names_used_twice(paths) == {"run": ["src/outrider/store/run.py", "src/outrider/model/run.py"]}


VAGUE = frozenset({"each", "found", "heard", "one", "said", "told"})


def vague_names(tree: ast.AST) -> list[str]:
    """Return the variables, parameters, attributes and functions whose name says nothing of what they are."""
    names: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=text, ctx=ast.Store()) | ast.arg(arg=text) | ast.Attribute(attr=text, ctx=ast.Store()):
                names.append((node.lineno, text))
            case ast.FunctionDef(name=text) | ast.AsyncFunctionDef(name=text):
                names.append((node.lineno, text))
            case _:
                pass
    return [f"{line}: {text}" for line, text in sorted(names) if text.strip("_") in VAGUE]


def test_names_say_what_they_name() -> None:
    """A row, a finding, the matches: a reader needs not look up what `one` of them is."""
    vague = {name(path): vague_names(tree_of(path)) for path in MODULES}

    assert {path: names for path, names in vague.items() if names} == {}


def test_the_search_for_vague_names_finds_them() -> None:
    """A search that finds nothing must not be one that cannot find."""
    tree = ast.parse("def told(one):\n    self._heard = [each for each in one]\n    return self.found\n")

    assert vague_names(tree) == ["1: one", "1: told", "2: _heard", "2: each"]


def import_graph() -> dict[str, set[str]]:
    """Return by module of src/outrider the modules that it imports, under TYPE_CHECKING and inside functions too."""
    paths = {module_name(path): path for path in (ROOT / "src" / "outrider").rglob("*.py")}
    trees = {module: tree_of(path) for module, path in paths.items()}
    return {module: imported_modules(tree, paths.keys()) - {module} for module, tree in trees.items()}


def module_name(path: Path) -> str:
    """Return the dotted name of a module; a package has its folder's."""
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")


def imported_modules(tree: ast.AST, modules: Collection[str]) -> set[str]:
    """Return which of `modules` a syntax tree imports."""
    imported: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                imported |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(package), names=names):
                members = {f"{package}.{alias.name}" for alias in names}
                imported |= members & set(modules) or {package}
            case _:
                pass
    return imported & set(modules)


def reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Return the modules that `start` imports, directly or through others."""
    reached: set[str] = set()
    ahead = list(graph[start])
    while ahead:
        module = ahead.pop()
        if module not in reached:
            reached.add(module)
            ahead += graph[module]
    return reached


def test_no_modules_import_each_other_in_a_circle() -> None:
    """A module can be read, tested and moved without those that import it, in annotations too."""
    graph = import_graph()
    reached = {module: reachable(graph, module) for module in graph}

    circles = {
        frozenset(other for other in reached[module] if module in reached[other])
        for module in graph
        if module in reached[module]
    }

    assert sorted(map(sorted, circles)) == []


def test_the_search_for_circles_sees_imports_that_are_only_for_types() -> None:
    """A circle is one whether it is closed at import, under TYPE_CHECKING or inside a function."""
    tree = ast.parse("import a.b\nif TYPE_CHECKING:\n    from a import c\ndef f():\n    from a.d import name\n")

    assert imported_modules(tree, {"a", "a.b", "a.c", "a.d", "a.e"}) == {"a.b", "a.c", "a.d"}
    assert reachable({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}, "a") == {"a", "b", "c"}


def slugs(tree: ast.AST) -> set[str]:
    """Return the slugs of errors: given by name, as a default or by place, or as keys of a table of words."""
    candidates: list[ast.expr | None] = []
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="slug", value=value):
                candidates.append(value)
            case ast.Call(func=ast.Name(id="Refused" | "failure") | ast.Attribute(attr="report"), args=arguments):
                candidates += arguments
            case ast.FunctionDef(args=ast.arguments(args=names, defaults=defaults)):
                given = zip(reversed(names), reversed(defaults), strict=False)
                candidates += [default for name, default in given if name.arg == "slug"]
            case ast.Assign(targets=[ast.Name(id="_WORDS")], value=ast.Dict(keys=keys)):
                candidates += keys
            case _:
                pass
    texts = [node.value for node in candidates if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", text)}


def test_every_error_is_explained() -> None:
    """The slug at the end of a message is a heading of docs/errors.md, and no heading explains what cannot happen."""
    used = {slug for path in MODULES for slug in slugs(tree_of(path))}
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert used ^ set(headings) == set()
    assert headings == sorted(set(headings))


def test_the_readme_has_one_test_command() -> None:
    """The build server runs what the README tells a reader to run."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert re.findall(r"^<!-- test -->\n```sh\n(.+?)\n```$", readme, re.MULTILINE | re.DOTALL) == ["make test"]


def test_the_readme_links_to_files_that_exist() -> None:
    """A link that leads nowhere is a promise broken."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    links = [
        (page.name, link)
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert links == []


@pytest.mark.parametrize("lock", ["base.txt", "dev.txt", "build.txt", "docs.txt", "image.txt", "release.txt"])
def test_every_locked_requirement_has_a_hash(lock: str) -> None:
    """pip then refuses what anybody put into a mirror."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", "")
    requirements = [line for line in text.splitlines() if line and not line.startswith("#")]

    assert requirements
    assert [line for line in requirements if "--hash=sha256:" not in line] == []


def test_locks_agree() -> None:
    """What is tested is what is installed."""
    versions = [
        dict(re.findall(r"^([\w.\-]+)==([^ ;\\]+)", (ROOT / "requirements" / lock).read_text("utf-8"), re.MULTILINE))
        for lock in ("dev.txt", "base.txt", "build.txt", "image.txt", "docs.txt", "release.txt")
    ]

    tested, *installed, documented, released = versions
    assert [pair for lock in installed for pair in lock.items() if tested[pair[0]] != pair[1]] == []
    tools = [*documented.items(), *released.items()]
    assert [pair for pair in tools if tested.get(pair[0], pair[1]) != pair[1]] == []


def test_what_tests_compress_holds_no_time() -> None:
    """Cases are named by their values: processes that collect them in different seconds must see the same names."""
    zips = [
        (name(path), call)
        for path in TESTS
        if "gzip.compress(" in (text := path.read_text(encoding="utf-8"))
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "gzip.compress"
    ]

    assert zips
    assert [path for path, call in zips if "mtime" not in {keyword.arg for keyword in call.keywords}] == []


def test_every_dependency_is_locked() -> None:
    """A dependency added to pyproject.toml needs `make lock`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]["demo"]
    locked = set(re.findall(r"^([\w.\-]+)==", (ROOT / "requirements" / "base.txt").read_text("utf-8"), re.MULTILINE))
    needed = {re.split(r"[\[<>=!~; ]", line)[0].lower() for line in [*project["dependencies"], *extras]}

    assert needed - locked == set()


PAST_A_FACE = {
    ("cli", "app"): "a command imports the one module that it calls, so that --help loads no other",
}
"""Who may import past whose face, and why."""


def room_of(path: Path) -> str:
    """Return the room that a module belongs to; empty for those that stand above all rooms."""
    folder, *rest = path.relative_to(ENGINE).parts
    return folder if rest else ""


def face(room: str) -> set[str]:
    """Return the names that a room offers."""
    for statement in ast.parse((ENGINE / room / "__init__.py").read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=names):
                return set(ast.literal_eval(names))
            case _:
                pass
    return set()


FACES = {path.parent.name: face(path.parent.name) for path in ENGINE.glob("*/__init__.py")}


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each module of ours that is imported from, and the name that is taken; empty if it is the module itself."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from ((module, alias.name) for alias in names)
            case ast.Import(names=names):
                yield from ((alias.name, "") for alias in names)
            case _:
                pass


def past_a_face(tree: ast.AST, room: str) -> list[str]:
    """Return the imports that reach into another room, or take what its face does not offer."""
    return [
        f"{module} {taken}".rstrip()
        for module, taken in imports(tree)
        for top, other, *inner in [[*module.split("."), ""]]
        if top == "outrider" and other in FACES and other != room and (room, other) not in PAST_A_FACE
        if inner != [""] or (taken and taken not in FACES[other])
    ]


def test_rooms_use_each_other_through_their_faces() -> None:
    """What lies behind a face, a room's `__all__`, may change without a look at other rooms; types count too."""
    reaching = {
        name(path): past for path in ENGINE.rglob("*.py") if (past := past_a_face(tree_of(path), room_of(path)))
    }

    assert reaching == {}


@pytest.mark.parametrize("pair", PAST_A_FACE)
def test_every_exception_is_still_needed(pair: tuple[str, str]) -> None:
    """A list of exceptions does not outlive them."""
    room, other = pair
    trees = [tree_of(path) for path in (ENGINE / room).rglob("*.py")]

    assert any(module.startswith(f"outrider.{other}.") for tree in trees for module, _ in imports(tree))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from outrider.workspace.tables import Table", ["outrider.workspace.tables Table"]),
        ("import outrider.workspace.tables", ["outrider.workspace.tables"]),
        ("from outrider.workspace import tables", ["outrider.workspace tables"]),
        ("def f():\n    from outrider.store.engine import Store", ["outrider.store.engine Store"]),
        ("from outrider.workspace import Table", []),
        ("import outrider.workspace", []),
        ("from outrider.runs.steps import anything", []),
        ("from collections.abc import Iterator", []),
    ],
)
def test_the_search_for_imports_past_a_face_finds_them(code: str, expected: list[str]) -> None:
    """A search that finds nothing must not be one that cannot find."""
    assert past_a_face(ast.parse(code), "runs") == expected
