"""Steps of an unchanged test: one for every call that acts on a page or waits for it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outrider.journeys.locator_title import locator_title, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrider.journeys.har import Request
    from outrider.journeys.trace import Call
    from outrider.journeys.worker_messages import WrittenWait

MAX_TITLE = 200

# What a step is called, by class and method of Playwright's protocol; a method that is not named is called as it is,
# in words. A call of no step is of no step's duration either.
_STEPS: dict[str, frozenset[str]] = {
    "Frame": frozenset(
        {
            "ariaSnapshot", "ariaSnapshotJSON", "blur", "check", "click", "content", "dblclick", "dispatchEvent",
            "dragAndDrop", "drop", "evalOnSelector", "evalOnSelectorAll", "evaluateExpression",
            "evaluateExpressionHandle", "expect", "fill", "focus", "getAttribute", "goto", "hover", "innerHTML",
            "innerText", "inputValue", "isChecked", "isDisabled", "isEditable", "isEnabled", "isHidden", "isVisible",
            "press", "queryCount", "querySelector", "querySelectorAll", "selectOption", "setContent", "setInputFiles",
            "tap", "textContent", "title", "type", "uncheck", "waitForFunction", "waitForSelector", "waitForTimeout",
            "webmcpCallTool",
        }
    ),
    "Page": frozenset(
        {
            "expectScreenshot", "goBack", "goForward", "keyboardDown", "keyboardInsertText", "keyboardPress",
            "keyboardType", "keyboardUp", "mouseClick", "mouseDown", "mouseMove", "mouseUp", "mouseWheel", "pdf",
            "reload", "screenshot", "touchscreenTap", "__waitInfo__",
        }
    ),
    "ElementHandle": frozenset(
        {
            "boundingBox", "check", "click", "dblclick", "dispatchEvent", "evalOnSelector", "evalOnSelectorAll",
            "evaluateExpression", "evaluateExpressionHandle", "fill", "focus", "getAttribute", "hover", "innerHTML",
            "innerText", "inputValue", "isChecked", "isDisabled", "isEditable", "isEnabled", "isHidden", "isVisible",
            "press", "querySelector", "querySelectorAll", "screenshot", "scrollIntoViewIfNeeded", "selectOption",
            "selectText", "setInputFiles", "tap", "textContent", "type", "uncheck", "waitForElementState",
            "waitForSelector",
        }
    ),
    "JSHandle": frozenset({"evaluateExpression", "evaluateExpressionHandle"}),
    "Worker": frozenset({"evaluateExpression", "evaluateExpressionHandle", "__waitInfo__"}),
    "BrowserContext": frozenset(
        {"clockFastForward", "clockPauseAt", "clockResume", "clockRunFor", "setOffline", "__waitInfo__"}
    ),
    "Browser": frozenset({"__waitInfo__"}),
    "WebSocket": frozenset({"__waitInfo__"}),
}  # fmt: skip
_WORDS = {
    "ariaSnapshotJSON": "aria snapshot",
    "clockFastForward": "clock.fast_forward",
    "clockPauseAt": "clock.pause_at",
    "clockResume": "clock.resume",
    "clockRunFor": "clock.run_for",
    "dragAndDrop": "drag",
    "evaluateExpression": "evaluate",
    "evaluateExpressionHandle": "evaluate",
    "evalOnSelector": "evaluate",
    "evalOnSelectorAll": "evaluate",
    "innerHTML": "inner html",
    "keyboardDown": "keyboard.down",
    "keyboardInsertText": "keyboard.insert_text",
    "keyboardPress": "keyboard.press",
    "keyboardType": "keyboard.type",
    "keyboardUp": "keyboard.up",
    "mouseClick": "mouse.click",
    "mouseDown": "mouse.down",
    "mouseMove": "mouse.move",
    "mouseUp": "mouse.up",
    "mouseWheel": "mouse.wheel",
    "touchscreenTap": "touchscreen.tap",
    "queryCount": "count",
    "selectOption": "select",
    "setInputFiles": "upload",
    "waitForElementState": "wait for state",
    "waitForFunction": "wait for function",
    "waitForSelector": "wait for",
    "waitForTimeout": "wait",
    "webmcpCallTool": "call tool",
}
# Calls about settings, contexts, tracing and what Playwright does for itself: no user would notice them.
_NO_STEPS: dict[str, frozenset[str]] = {
    "Frame": frozenset({"addScriptTag", "addStyleTag", "frameElement", "webmcpTools"}),
    "Page": frozenset(
        {
            "addInitScript", "addLocatorHandlerNoReply", "bringToFront", "cancelPickLocator", "clearConsoleMessages",
            "clearPageErrors", "close", "consoleMessages", "emulateMedia", "exposeBinding", "hideHighlight",
            "pageErrors", "pickLocator", "registerLocatorHandler", "requestGC", "requests", "runBeforeUnload",
            "screencastChapter", "screencastHideActions", "screencastRemoveOverlay", "screencastSetOverlayVisible",
            "screencastShowActions", "screencastShowOverlay", "screencastStart", "screencastStop",
            "setExtraHTTPHeaders", "setNetworkInterceptionPatterns", "setViewportSize",
            "setWebSocketInterceptionPatterns", "startCSSCoverage", "startJSCoverage", "stopCSSCoverage",
            "stopJSCoverage", "unregisterLocatorHandler", "updateSubscription", "webStorageClear",
            "webStorageGetItem", "webStorageItems", "webStorageRemoveItem", "webStorageSetItem",
        }
    ),
    "ElementHandle": frozenset(
        {"contentFrame", "dispose", "getProperty", "getPropertyList", "jsonValue", "ownerFrame"}
    ),
    "JSHandle": frozenset({"dispose", "getProperty", "getPropertyList", "jsonValue"}),
    "BrowserContext": frozenset(
        {
            "addCookies", "addInitScript", "clearCookies", "clearPermissions", "clockInstall", "clockSetFixedTime",
            "clockSetSystemTime", "close", "cookies", "credentialsCreate", "credentialsDelete", "credentialsGet",
            "credentialsInstall", "exposeBinding", "grantPermissions", "newCDPSession", "newPage", "pause",
            "setExtraHTTPHeaders", "setGeolocation", "setHTTPCredentials", "setNetworkInterceptionPatterns",
            "setStorageState", "setWebSocketInterceptionPatterns", "storageState", "updateSubscription",
        }
    ),
    "Browser": frozenset(
        {
            "close", "newBrowserCDPSession", "newContext", "startServer", "startTracing", "stopServer", "stopTracing",
        }
    ),
    "Worker": frozenset({"disconnect", "updateSubscription"}),
    "WebSocket": frozenset(),
}  # fmt: skip
# Classes none of whose calls is a step: requests that the test sends itself are steps by their HAR.
_NO_OWNERS = frozenset(
    {
        "APIRequestContext", "Android", "AndroidDevice", "AndroidSocket", "BindingCall", "BrowserType", "CDPSession",
        "Debugger", "Dialog", "Electron", "ElectronApplication", "Playwright", "Request", "Response", "Root", "Route",
        "Tracing", "WebSocketRoute", "Disposable", "Overlay",
    }
)  # fmt: skip
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LOCATOR = re.compile(r"^\s*waiting for (?P<locator>(?:get_by_|locator\(|frame_locator\().+?)(?: to be .*)?$")
_WAIT = "__waitInfo__"
_PARTS = {"waitForSelector", "fill"}
_OF_LOCATORS = {"queryCount", "evalOnSelectorAll"}  # no method of a page: a plain selector was written as a locator
_OF_ALL = {"evalOnSelectorAll"}
_ALL_TEXTS = {  # the expressions of Playwright's own client
    "ee => ee.map(e => e.innerText)": "all inner texts",
    "ee => ee.map(e => e.textContent || '')": "all text contents",
}
_DOUBLE_CLICK = "Double click"
_KEYS = {"keyboardPress", "keyboardDown", "keyboardUp"}
_ADDRESS_WAIT = re.compile(r'^\s*waiting for (?P<what>navigation to|request|response) "(?P<address>[^"]+)"')
_PATTERN_WAIT = re.compile(r"^\s*waiting for (?P<what>request|response) /(?P<pattern>.*)/[a-z]*$")
_NAVIGATION_WAITS = {"Wait for navigation", "Wait for load state"}
_EVENTS = {
    "console": "console message",
    "filechooser": "file chooser",
    "requestfailed": "failed request",
    "requestfinished": "finished request",
}
_EVENT = re.compile(r'^Wait for event "(?P<name>[^"]+)"')
_EXPECTATION = re.compile(r'^Expect "(?P<name>[^"]+)"')
_VARIABLE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{24,}|\d{4,}", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?<=/)\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class AutomaticStep:
    """A call as a step; `key` is its identity within the test, the same from run to run."""

    key: str
    title: str
    start_ms: float
    duration_ms: float | None
    error: str | None
    source: str


def automatic_steps(calls: Iterable[Call], requests: Iterable[Request], root: str) -> list[AutomaticStep]:
    """Return the steps in order of time; the store limits how many of an attempt and a check are kept, and says so.

    Args:
        calls: What the traces hold.
        requests: What the HARs hold; those that the test sent itself are steps too.
        root: Folder of the test files: the innermost frame below it is the step's source.
    """
    rows = [(step_title(call), call.start_ms, call.duration_ms, call.error, _source(call.stack, root))
            for call in calls if is_action(call)]  # fmt: skip
    rows += [(f"{request.method} {normal_path(request.url)}", request.start_ms, request.duration_ms,
              request.failure or None, "") for request in requests if request.by_test]  # fmt: skip
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    steps = []
    for whole_title, start_ms, duration_ms, error, source in sorted(rows, key=lambda row: row[1]):
        title = _shortened(whole_title)
        stem = _VARIABLE.sub("#", whole_title[:MAX_TITLE])
        seen[stem] += 1
        key = stem if seen[stem] == 1 else f"{stem} ({seen[stem]})"
        while key in taken:  # a title may end like an ordinal does
            key += "'"
        taken.add(key)
        steps.append(AutomaticStep(key, title, start_ms, duration_ms, error, source))
    return steps


def name_waits(calls: Iterable[Call], waits: Iterable[WrittenWait]) -> None:
    """Give calls that wait for an address or a load state the words of the test, by where the test made them.

    Playwright records the same for `wait_for_url` as for `wait_for_load_state` where the page is there already.
    """
    written: dict[tuple[str, int], deque[str]] = defaultdict(deque)
    for wait in waits:
        written[wait.file, wait.line].append(wait.title)
    for call in calls:
        if call.method == _WAIT and call.title in _NAVIGATION_WAITS:
            waits_there = next((there for place in call.stack if (there := written.get(place))), None)
            if waits_there:
                call.written = waits_there.popleft()


def written_address(url: object) -> str:
    """Return what an address has to match, as words behind a title; nothing for a function or no condition."""
    if isinstance(url, str):
        return f" to {normal_path(url)}"
    pattern = getattr(url, "pattern", None)
    return f' to re.compile(r"{pattern}")' if isinstance(pattern, str) else ""


def is_action(call: Call) -> bool:
    """Whether a call does something that a user would notice, or waits for it.

    A method that a newer Playwright adds to a page counts.
    """
    if call.owner in _NO_OWNERS:
        return False
    if call.method in _STEPS.get(call.owner, ()):
        return True
    return call.owner in {"Frame", "Page", "ElementHandle"} and call.method not in _NO_STEPS[call.owner]


def is_known(owner: str, method: str) -> bool:
    """Whether it was decided if calls of a method are steps, and under which title."""
    return owner in _NO_OWNERS or method in _STEPS.get(owner, ()) or method in _NO_STEPS.get(owner, ())


def awaited(call: Call) -> str:
    """Return what a call waits for, as the test wrote it: a locator, an event, an address."""
    if call.method == _WAIT:
        return _waited(call).removeprefix("wait for ")
    return _locator(call) or step_title(call).removeprefix("wait for ")


def normal_path(url: str) -> str:
    """Return a URL's path with identifiers blanked, so that the step is the same for every order and every host."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a test may ask for anything
        return url
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:" if parts.scheme == "data" else url
    return _IDENTIFIER.sub(":id", _VARIABLE.sub(":id", parts.path or "/"))


def step_title(call: Call) -> str:
    """Return the title of a call's step, whole."""
    if call.method in {"goto", "reload", "goBack", "goForward"}:
        return f"{_word(call)} {normal_path(call.params.get('url', ''))}".strip()
    if call.method == _WAIT:
        return _waited(call)
    words = [_word(call), _locator(call)]
    if call.method == "expect":
        expectation = _EXPECTATION.match(call.title)
        words.append(expectation["name"] if expectation else str(call.params.get("expression", "")))
    return " ".join(word for word in words if word)


def _shortened(title: str) -> str:
    return title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"


def _word(call: Call) -> str:
    if call.method in _PARTS and call.title:  # of `evaluate`, `screenshot`, `clear` and the like: the title says which
        return call.title.lower()
    if call.method in _OF_ALL:
        return _ALL_TEXTS.get(str(call.params.get("expression", "")), "evaluate all")
    if call.method == "mouseClick" and call.title == _DOUBLE_CLICK:
        return "mouse.dblclick"
    if call.method in _KEYS:
        return f'{_WORDS[call.method]}("{call.params.get("key", "")}")'
    return _WORDS.get(call.method) or _HUMP.sub(" ", call.method).lower()


def _waited(call: Call) -> str:
    """Return what `wait_for_url`, `expect_popup`, `expect_response` and the like wait for.

    All are one method of the protocol: its title names the event, and its log the address.
    """
    if call.written:
        return call.written
    for message in call.log:
        if wait := _PATTERN_WAIT.match(message):
            return f'wait for {wait["what"]} re.compile(r"{wait["pattern"]}")'
        if wait := _ADDRESS_WAIT.match(message):
            return f"wait for {wait['what']} {normal_path(wait['address'])}"
    if event := call.params.get("event") or _EVENT.match(call.title):
        name = event if isinstance(event, str) else event["name"]
        return f"wait for {_EVENTS.get(name, name)}"
    return call.title[:1].lower() + call.title[1:] if call.title else "wait"


def _locator(call: Call) -> str:
    """Return the locator as the test wrote it, which Playwright's log repeats; else its selector."""
    for message in call.log:
        if match := _LOCATOR.match(message):
            return match["locator"]
    if call.method == "dragAndDrop":
        return locator_title(str(call.params.get("source", "")))
    selector = str(call.params.get("selector", ""))
    title = locator_title(selector)
    return f"locator({quoted(selector)})" if call.method in _OF_LOCATORS and title == selector else title


def _source(stack: Sequence[tuple[str, int]], root: str) -> str:
    for file, line in stack:
        if file.startswith(root):
            return f"{file[len(root) :].lstrip('/')}:{line}"
    return ""
