"""What is kept of alerts can be read again, under the names of former versions too."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.alerts.conftest import NOW_US

from outrider.alerts.group import Group
from outrider.alerts.incident_records import read_group, stored_group

GROUP = Group("k", "shop", ("i1",), NOW_US, (("i1", "flapping", 2),), NOW_US, ("mail",))


def test_a_group_that_is_stored_is_read_as_it_was() -> None:
    """A restart repeats no notification."""
    assert read_group(stored_group(GROUP)) == GROUP


def test_a_group_of_a_former_version_is_read() -> None:
    """Its last notification was called `told`."""
    stored = stored_group(GROUP)
    state = json.loads(stored.state)
    state["told"], state["told_us"] = state.pop("last_notified"), state.pop("last_notified_us")

    assert read_group(replace(stored, state=json.dumps(state))) == GROUP
