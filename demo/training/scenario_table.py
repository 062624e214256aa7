"""The ten scenarios, from easy to nasty, and the causes that may be answered: pure values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cause:
    """What may have broken the shop.

    Attributes:
        name: How it is answered; the name of the shop's fault.
        accepted: Each a group of parts of words; a text that has all parts of one group means this cause.
    """

    name: str
    what: str
    accepted: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault that is switched on in secret, and what to learn from it.

    Attributes:
        number: From one, the easiest first.
        title: The symptom, as somebody might report it; it does not name the cause.
        level: easy, medium, hard or nasty.
        cause: The name of the fault, and of the cause to find.
        size: Of the fault.
        by_probes: Whether it shows without a browser.
        hints: Three, each more telling than the one before.
        lesson: What happened.
        evidence: Where the product shows it, in the order in which to look.
    """

    number: int
    title: str
    level: str
    cause: str
    size: float
    by_probes: bool
    hints: tuple[str, str, str]
    lesson: str
    evidence: tuple[str, ...]


CAUSES: Final[dict[str, Cause]] = {
    cause.name: cause
    for cause in (
        Cause("payment-error", "The payment service raises an exception", (
            ("payment", "exception"), ("payment", "keyerror"), ("payment", "raises"), ("payment service", "error"),
        )),
        Cause("errors", "The shop answers a share of all requests with 500", (
            ("share", "500"), ("random", "500"), ("random", "error"), ("some", "500"), ("internal server error",),
        )),
        Cause("certificate", "The certificate is about to end", (
            ("certificate", "end"), ("certificate", "expir"), ("tls", "expir"), ("cert", "expir"),
        )),
        Cause("broken-button", "The pay button does nothing", (
            ("button", "nothing"), ("button", "dead"), ("button", "broken"), ("button", "not work"),
        )),
        Cause("script-error", "A script throws on the product page", (
            ("script", "throw"), ("script", "error"), ("javascript",), ("script", "product page"),
        )),
        Cause("slow-third-party", "A third party answers slowly", (
            ("third party",), ("third-party",), ("reviews", "slow"), ("badge", "slow"), ("waymark",),
        )),
        Cause("wrong-price", "Prices are wrong", (
            ("price", "wrong"), ("wrong", "price"), ("price", "off"), ("price", "10"), ("too expensive",),
        )),
        Cause("n-plus-one", "A list asks the database again for each of its products (N+1)", (
            ("n+1",), ("n plus one",), ("quer", "each product"), ("quer", "per product"), ("once for each",),
        )),
        Cause("memory-growth", "Each request leaks memory", (
            ("leak",), ("memory", "grow"), ("memory", "request"),
        )),
        Cause("slow-drift", "Every request waits longer from minute to minute", (
            ("drift",), ("longer", "minute"), ("slower", "minute"), ("every request", "slower"), ("creep",),
        )),
        Cause("slow-query", "A single query of the catalogue is slow", (
            ("slow query",), ("slow-query",), ("one slow", "quer"), ("single", "query"),
        )),
        Cause("hang", "Requests are never answered", (
            ("hang",), ("never answer",), ("no answer",),
        )),
    )
}  # fmt: skip
"""By name; the last two happen in no scenario."""

SCENARIOS: Final[tuple[Scenario, ...]] = (
    Scenario(
        1, "Customers cannot pay", "easy", "payment-error", 1, False,
        (
            "Which journey fails, and at which step? Its screenshot shows what the customer was told.",
            "The shop asks another service when somebody pays. Follow the trace of the failed run into it.",
            "Look at issues of the service payment: outrider errors service:payment.",
        ),
        "From one moment on the payment service raised a KeyError while it noted a payment: a table of rates was "
        "empty. The shop told its customers that nothing was ordered.",
        (
            "The incident of the checkout: the step that failed, and its screenshot",
            "The trace of that run: the span of payment that failed",
            "The issue of payment with its stack: outrider errors service:payment",
        ),
    ),
    Scenario(
        2, "Something went wrong, sometimes", "easy", "errors", 0.7, True,
        (
            "Several checks fail, and not in the same place. What do their reasons have in common?",
            "Open a failed probe: which status did it get? Then the same probe a run later.",
            "The page and the API both answer so, and both recover by themselves: no single page is to blame.",
        ),
        "Seven of ten requests were answered with 500, whatever they asked for; the rest was well. A retry often "
        "passes then, which is why an outcome of its own, passed on retry, tells of it.",
        (
            "The list of incidents: several checks that have nothing in common but the shop",
            "The reason of a run: the status where 200 was expected",
            "The outcomes of one check in a row: failed, passed on retry, passed",
        ),
    ),
    Scenario(
        3, "Nobody complains yet", "easy", "certificate", 5, True,
        (
            "Everything is quick and works. One check is not green all the same.",
            "It is a probe that needs no page. What does it expect, and what did it find?",
            "The probe is probes/shop.toml::certificate; its reason counts days.",
        ),
        "The certificate of the shop's TLS front had five days left, and the probe expects thirty. No customer "
        "noticed: this is the cheapest moment to find it.",
        (
            "The incident of the probe certificate: the days that are left",
            "The probe's definition: expect.certificate_days in probes/shop.toml",
        ),
    ),
    Scenario(
        4, "The orders stop, the errors do not come", "medium", "broken-button", 1, False,
        (
            "A journey waits for something that never comes. What did the page look like when it gave up?",
            "There is no error in any service. Which request would you expect after the last click, and is it there?",
            "The last action clicked Pay. The trace has no request for an order.",
        ),
        "The pay button did nothing: the page was whole, no service failed, and no request was sent. Only a check "
        "that walks the path to its end sees it; logs and error rates stay clean.",
        (
            "The failed step of the checkout, and its screenshot: a form that is complete and stays",
            "The run's trace: nothing after the click",
            "outrider errors: no issue, which is a finding, too",
        ),
    ),
    Scenario(
        5, "The product page looks well", "medium", "script-error", 1, False,
        (
            "Pages come with 200 and are quick. Which journey fails, and what does it say for itself?",
            "All steps of that journey went well. What it asserts at its end is about what the page did meanwhile.",
            "The error names something undefined. On which page was it asked for, and by what?",
        ),
        "A script threw on the product page: it asked for something that is not there. The page was answered with "
        "200, and the server noticed nothing: what happens in browsers is told by browsers, a journey's or users'.",
        (
            "The failed run of the journey test_browse: its error, and its console",
            "The steps of that run: all of them passed, and its assertion did not",
        ),
    ),
    Scenario(
        6, "The shop is slow, the shop is not slow", "medium", "slow-third-party", 1500, False,
        (
            "Pages in a browser are slower. Are the probes, which fetch the same pages without a browser?",
            "What does a browser load that a probe does not? Look at where the time went.",
            "Compare the requests of a slow run by host and port: one of them is not the shop's.",
        ),
        "A third party whose script, style sheet and image the pages embed answered 1.5 seconds late. The shop's "
        "own answers were as quick as ever, so nothing on its servers showed it.",
        (
            "Where the time went, on the page of the incident: a part that is not the shop's",
            "The probe of the home page: steady",
            "The requests of a slow run: the same host, another port",
        ),
    ),
    Scenario(
        7, "Good business", "hard", "wrong-price", 10, False,
        (
            "Nothing is slow and no status is wrong. Which expectation of a journey is not met?",
            "Read what a failed run expected, and what it got instead. Do it for a second journey.",
            "Compare the numbers: all are off by the same share.",
        ),
        "Every price was ten per cent too high, in pages and in the API. Such a fault raises no error anywhere: it "
        "is found by checks that know what is right.",
        (
            "The reasons of two failed journeys: expected and received",
            "The runbook that the incident is labelled with: outrider runbook show",
        ),
    ),
    Scenario(
        8, "Lists take their time", "hard", "n-plus-one", 90, True,
        (
            "Is every page slower, or only those with many products?",
            "Open the trace of a slow run, and count the spans that look alike.",
            "One statement repeats, as often as the list has products. Each of them is quick.",
        ),
        "A release asked the database once for the list, and then again for each of its products. No single query "
        "was slow, so a list of slow queries would have been empty; the number of queries was the cause.",
        (
            "Where the time went, on the page of the incident: the statement, and how often it ran",
            "The trace of a slow run beside one of before: outrider traces ID",
            "The page of a single product: hardly slower",
        ),
    ),
    Scenario(
        9, "It was fine when I looked", "nasty", "slow-drift", 40_000, True,
        (
            "Do not look at one run: look at the series of a check since the game began.",
            "Compare two checks that do different things. By how much is each slower? Does it depend on what they do?",
            "All are late by the same amount, and that amount grows from run to run.",
        ),
        "Every request waited a little, and a little more each minute. There is no moment at which it began, no "
        "release to blame and no slow part in a trace: only the series shows it.",
        (
            "The chart of any check: a ramp, not a step",
            "outrider judge: all checks deviate, by about as much",
            "A trace: neither a query nor another service takes the extra time",
        ),
    ),
    Scenario(
        10, "Slower, then red", "nasty", "memory-growth", 8, True,
        (
            "One probe asks the shop how it does. Read its answer, not only its outcome.",
            "That answer has a number that the probe bounds. Compare it over several runs.",
            "memory_mb of /api/health rises with each request that anybody makes.",
        ),
        "Each request kept eight megabytes, and the more was kept, the longer each request took. The limit on "
        "memory in the probe health told of it; the slowness was a symptom.",
        (
            "The incident of the probe health: $.memory_mb against its limit",
            "The body that the failed run kept",
            "The runbook memory-growth.md",
        ),
    ),
)  # fmt: skip


def scenario_numbered(number: int) -> Scenario:
    """Return a scenario by its number, from one."""
    return SCENARIOS[number - 1]


def causes_named(text: str) -> tuple[Cause, ...]:
    """Return the causes that a text names: by their name, or in words of one's own; of a name that one alone."""
    words = " ".join(re.sub(r"[^a-z0-9+\-]", " ", text.lower()).split())
    if words in CAUSES:
        return (CAUSES[words],)
    return tuple(cause for cause in CAUSES.values() if _is_meant(cause, words))


def _is_meant(cause: Cause, words: str) -> bool:
    by_name = ((cause.name,),) if "-" in cause.name else ()
    return any(all(_has(part, words) for part in group) for group in (*by_name, *cause.accepted))


def _has(part: str, words: str) -> bool:
    """Return whether a word, or several, begin so."""
    return re.search(rf"(?<![a-z0-9]){re.escape(part)}", words) is not None
