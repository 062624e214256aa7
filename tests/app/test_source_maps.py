"""A script that esbuild built throws in a real browser: its frames are those of the sources, whenever the maps come."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.builders import new_store
from tests.waiting import until

from outrider.app.access.workspace_access import now_us
from outrider.app.errors.error_projects import KeyRequest, add_project
from outrider.app.errors.error_service import ErrorService
from outrider.app.errors.event_symbolication import EventSymbolication
from outrider.app.errors.source_map_files import MapScope, check_build, upload_maps
from outrider.errors import browser_frames
from outrider.model import DebugImage, ErrorEvent, ErrorException, ErrorRules, IssueQuery, StackFrame, UsageError
from outrider.workspace import ErrorSettings, load

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from playwright.sync_api import Browser

    from outrider.model import Issue
    from outrider.store import Store

SOURCES: Final = Path(__file__).with_name("shop_page")
ESBUILD: Final = Path(__file__).parents[2] / "frontend" / "node_modules" / ".bin" / "esbuild"
SITE: Final = "https://shop.example"
PAGE: Final = "<button>pay</button><script src='/static/app.min.js'></script>"


def built(folder: Path, *options: str, banner: str = "") -> Path:
    """Return the folder of a build as it is served."""
    if not ESBUILD.exists():
        pytest.skip("the frontend was not built: there is no esbuild")
    sources = shutil.copytree(SOURCES, folder.parent / "src", dirs_exist_ok=True)
    command: list[str | Path] = [
        ESBUILD,
        sources / "main.ts",
        "--bundle",
        "--minify",
        f"--outfile={folder}/static/app.min.js",
    ]
    mark = [f"--banner:js={banner}"] if banner else []
    subprocess.run(
        [*command, *(options or ("--sourcemap",)), *mark, f"--outfile={folder}/static/app.min.js"],
        check=True,
        timeout=60,
    )
    return folder


def thrown(chromium: Browser, folder: Path) -> str:
    """Return the stack of what the page throws."""
    page = chromium.new_page()
    script = (folder / "static/app.min.js").read_text("utf-8")
    page.route(f"{SITE}/static/app.min.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    page.route(f"{SITE}/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto(f"{SITE}/")
    page.evaluate("addEventListener('unhandledrejection', (event) => { window.stack = event.reason.stack })")
    page.click("button")
    stack = page.wait_for_function("window.stack").json_value()
    page.close()
    return str(stack)


def sent(stack: str, release: str) -> dict[str, Any]:
    """Return what Sentry's client for browsers sends of a stack."""
    frames = [
        {
            "function": frame.function,
            "filename": frame.path,
            "lineno": frame.line,
            "colno": frame.column,
            "in_app": frame.in_app,
        }
        for frame in browser_frames(stack, stack.partition("\n")[0])
    ]
    value = {"type": "RangeError", "value": stack.partition("\n")[0], "stacktrace": {"frames": frames}}
    return {"platform": "javascript", "release": release, "exception": {"values": [value]}}


@pytest.mark.browser
def test_frames_are_those_of_the_sources_whether_maps_come_early_late_or_not_at_all(
    tmp_path: Path, chromium: Browser
) -> None:
    (tmp_path / "outrider.toml").write_text("[errors]\n", "utf-8")
    workspace = replace(load(tmp_path), errors=ErrorSettings(port=0, least_free_bytes=1))
    workspace.state.mkdir()
    first, second = built(tmp_path / "one"), built(tmp_path / "two", banner="/* a comment moves every column */")
    stacks = thrown(chromium, first), thrown(chromium, second)

    with new_store(workspace.state / "outrider.db", artifacts=workspace.state / "artifacts") as store:
        key = add_project(store, workspace, "shop", "production", per_day=1_000, key=KeyRequest()).key.id
        with ErrorService(workspace, store) as service:
            post = _poster(f"{service.address}/api/1/store/?sentry_key={key}")
            post(sent(stacks[0], "1.0"))
            until(lambda: bool(_issues(store)))
            (before,), (minified,) = _issues(store), _events(store)
            upload(store, first, "1.0")
            until(lambda: "priceOf" in _issues(store)[0].culprit)
            upload(store, second, "1.1")
            post(sent(stacks[1], "1.1"))
            until(lambda: _issues(store)[0].events == 2)
            post(sent(stacks[1], "1.2"))
            until(lambda: _issues(store)[0].events == 3)

        notes = [(note.action, note.text) for note in store.errors.notes(before.id)]
        stranger, last, _ = _events(store)
        keys = store.errors.keys(before.id)
    assert minified.exceptions[0].frames[-1].unmapped == "no source map was uploaded"
    assert "app.min.js" in before.culprit
    frames = last.exceptions[0].frames
    own = [frame.function for frame in frames if frame.in_app]
    assert own[-4:] == ["checkout", "Cart.total", "Cart.total/<", "priceOf"]
    innermost = frames[-1]
    assert (innermost.path, innermost.line, innermost.column) == ("src/cart.ts", 17, 11)
    assert innermost.source == "    throw new RangeError(`price of ${item!.name} is negative`);"
    assert (innermost.before[-1], innermost.after[0]) == ("  if (item!.price < 0) {", "  }")
    assert innermost.minified.startswith(f"c at {SITE}/static/app.min.js:2:")
    assert notes == [("symbolicate", "1 kept event read again with source maps")]
    assert sorted(key.events for key in keys) == [1, 2]
    assert stranger.exceptions[0].frames[-1].unmapped == (
        "no source map for ~/static/app.min.js in release 1.2; there is one for ~/static/app.min.js in release 1.1; "
        "~/static/app.min.js in release 1.0"
    )


def _poster(address: str) -> Callable[[dict[str, Any]], httpx.Response]:
    import httpx

    return lambda document: httpx.post(address, json=document).raise_for_status()


def _issues(store: Store) -> tuple[Issue, ...]:
    return tuple(sorted(store.errors.list(IssueQuery(now_us())), key=lambda issue: issue.id))


def _events(store: Store) -> list[ErrorEvent]:
    """Return the kept events of the one issue, the latest first."""
    (issue,) = _issues(store)
    places = [store.errors.event(entry.id) for entry in store.errors.events(issue.id)]
    return [place.event for place in places if place is not None]


def upload(store: Store, folder: Path, release: str) -> None:
    scope = MapScope(release=release)
    assert upload_maps(store, check_build([folder], scope), scope) == 1


def test_a_debug_id_finds_a_map_wherever_its_script_lies_and_a_map_that_is_gone_is_said(tmp_path: Path) -> None:
    """A message and a script without a map are left as they are; a fault of ours costs no error."""
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "app.js").write_bytes(b"boom()\n//# debugId=" + b"ab" * 16)
    document = {"version": 3, "sources": ["a.ts"], "mappings": "AAAA", "sourcesContent": ["function go() { boom() }"]}
    (folder / "app.js.map").write_text(json.dumps({**document, "mappings": "AAAgB"}), "utf-8")
    frames = tuple(StackFrame("", "x", f"https://cdn.test/{name}.js", 1, 1) for name in ("hash", "other"))
    event = ErrorEvent("ab" * 16, 1, 0, 0, exceptions=(ErrorException("Error", frames=frames),), platform="javascript")
    image = DebugImage("sourcemap", ("ab" * 16).upper(), frames[0].path)
    known = replace(event, debug_images=(image,))
    odd = replace(event, exceptions=(ErrorException("Error", frames=(None,)),))  # type: ignore[arg-type]

    with new_store(tmp_path / "outrider.db", artifacts=tmp_path / "artifacts") as store:
        upload(store, folder, "1.0")
        maps = EventSymbolication(store)
        applied, message, failed = maps.apply(
            [replace(event, debug_images=(image,)), ErrorEvent("1" * 32, 1, 0, 0), odd]
        )
        maps.apply_late(ErrorRules())
        waiting = store.source_maps.unapplied()
        digest = store.source_maps.list()[0].digest
        store.artifacts.remove([f"{digest[:2]}/{digest[2:]}"])
        (gone,) = EventSymbolication(store).apply([known])

    mapped, other = applied.exceptions[0].frames
    assert (mapped.path, mapped.function, mapped.line, mapped.column) == ("a.ts", "go", 1, 17)
    assert other.path == "https://cdn.test/other.js"
    assert other.unmapped == "no source map for ~/other.js in events without a release"
    assert message.exceptions == ()
    assert failed is odd
    assert waiting == ()
    assert gone.exceptions[0].frames[0].unmapped == "the source map is gone from the artifact folder"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("damaged.js", {"map": b'{"version": 3'}, "no JSON, or cut short"),
        ("bare.js", {"script": b"f()"}, "neither a line sourceMappingURL nor bare.js.map is there"),
        ("gone.js", {"script": b"f()\n//# sourceMappingURL=other.js.map"}, "names a source map that is not there"),
        ("far.js", {"script": b"f()\n//# sourceMappingURL=../../secret.map"}, "outside of the folder: secret.map"),
        ("inline.js", {"script": b"f()\n//# sourceMappingURL=data:application/json;base64,e30="}, "version 3"),
        ("other.js", {"map": b"AAAA,6kjJAAA"}, "for another file: it goes to column"),
        ("short.js", {"script": b"f();" * 400, "map": b"AAAA"}, "for another file: it ends at column 1 of line 1"),
        ("longer.js", {"map": b"AAAA;;;;AAAA"}, "for another file: it goes to line 5, and the script has 1"),
        ("empty.js", {"map": b";;"}, "maps nothing"),
        ("ids.js", {"script": b"f()\n//# debugId=" + b"a" * 32, "map": b"AAAA"}, "of another build: debug id bbbb"),
        ("large.js", {"map": b" " * 64_000_001}, "64,000,000 at most are read"),
    ],
)
def test_a_check_says_before_the_first_error_why_a_map_is_of_no_use(
    tmp_path: Path, name: str, content: dict[str, bytes], said: str
) -> None:
    (tmp_path / "secret.map").write_text("{}", "utf-8")
    folder = tmp_path / "web" / "dist"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content.get("script", b"f()"))
    if mappings := content.get("map"):
        document = {"version": 3, "sources": ["a.ts"], "mappings": mappings.decode(), "debugId": "b" * 32}
        is_whole = mappings.startswith((b" ", b"{"))
        (folder / f"{name}.map").write_bytes(mappings if is_whole else json.dumps(document).encode())

    (script,) = check_build([folder], MapScope())

    assert [said in problem for problem in script.problems] == [True], script.problems


def test_a_check_compares_with_the_addresses_by_which_pages_load_scripts(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/app.js").write_bytes(b"f()")
    map_of = {"version": 3, "sources": ["a.ts", "b.ts"], "mappings": "AAAA", "sourcesContent": ["let a", None]}
    (tmp_path / "assets/app.js.map").write_text(json.dumps(map_of), "utf-8")

    def said(prefix: str, *addresses: str) -> list[str]:
        scripts = check_build([tmp_path], MapScope(prefix=prefix, addresses=addresses))
        return [problem for script in scripts for problem in script.problems]

    assert said("~/", f"{SITE}/assets/app.js?v=1") == []
    assert said(f"{SITE}/s", f"{SITE}/s/assets/app.js") == []
    assert said("~/", f"{SITE}/shop/assets/app.js")[0].endswith("use --url-prefix '~/shop/'")
    assert said("~/", f"{SITE}/app.js")[0].endswith("found as ~/assets/app.js: name the folder that is served")
    assert said("~/", f"{SITE}/main.js") == ["pages load it, and no folder has a script of its name"]
    (script,) = check_build([tmp_path], MapScope())
    assert [warning.partition(":")[0] for warning in script.warnings] == [
        "1 of 2 sources have no text in it (b.ts)", "no debug id and no --release",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="no script is there"):
        check_build([SOURCES], MapScope())
