"""Which endpoints keep their name when a load has very many: the most frequent and the slowest. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from outrider.model import EndpointLoad, by_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

OTHERS = "others"
"""Where requests go whose names are too many; a locustfile that names every URL has no endpoints."""

_SLOWEST_SHARE = 0.25
_CHANGING = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|(?<![a-zA-Z])[0-9a-fA-F]{12,}(?![a-zA-Z])|\d+")


class EndpointNames:
    """How often each endpoint was asked, and the longest that it took."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._slowest: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, part: EndpointLoad) -> None:
        """Count the requests of a part."""
        buckets = (*part.succeeded.counts, *part.failed.counts, *part.unanswered.counts)
        self._counts[part.endpoint] += part.requests
        self._slowest[part.endpoint] = max(*buckets, self._slowest.get(part.endpoint, -(10**6)), -(10**6))

    def chosen(self, most: int) -> frozenset[str]:
        """Return the names that are kept if so many may be: of equals the latest, since a new endpoint begins small."""
        names = [name for name in reversed(self._counts) if name != OTHERS]
        if len(names) <= most:
            return frozenset(names)
        frequent = sorted(names, key=lambda name: -self._counts[name])[: most - int(most * _SLOWEST_SHARE)]
        rest = set(names).difference(frequent)
        slow = sorted((name for name in names if name in rest), key=lambda name: -self._slowest[name])
        return frozenset((*frequent, *slow[: most - len(frequent)]))

    def keep(self, chosen: frozenset[str]) -> None:
        """Forget all other names."""
        self._counts = Counter({name: count for name, count in self._counts.items() if name in chosen})
        self._slowest = {name: bucket for name, bucket in self._slowest.items() if name in chosen}


def with_others(parts: Iterable[EndpointLoad], chosen: frozenset[str]) -> tuple[EndpointLoad, ...]:
    """Return the parts merged by endpoint, those that are not chosen as one."""
    return by_endpoint(part if part.endpoint in chosen else _renamed(part) for part in parts)


def shown_name(endpoint: str) -> str:
    """Return what tables call an endpoint: of `others` they say what it stands for."""
    return "others (names beyond the limit)" if endpoint == OTHERS else endpoint


def grouping_advice(names: Iterable[str]) -> str:
    """Return how to group requests whose names were too many; empty if all names were kept."""
    names = list(names)
    if OTHERS not in names:
        return ""
    patterns = Counter(pattern for name in names if (pattern := _CHANGING.sub("[id]", name)) != name)
    example = patterns.most_common(1)[0][0].partition(" ")[2] if patterns else "/item/[id]"
    return f'too many names: give requests of one kind a name of their own, such as name="{example}"'


def _renamed(part: EndpointLoad) -> EndpointLoad:
    return EndpointLoad(
        OTHERS, part.succeeded, part.failed, part.intended, part.received_bytes, part.unanswered
    )  # fmt: skip
