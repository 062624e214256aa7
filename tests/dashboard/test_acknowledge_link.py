"""Links of mails by which a recipient acknowledges: shown first, used once, for a day."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from outrider.alerts import Phase
from outrider.server import AcknowledgeGrant, AcknowledgeSigner

from .conftest import DAY_US, NOW_US, SIGNER

if TYPE_CHECKING:
    from outrider.alerts import Incident

    from .conftest import Scene

NOW_S = NOW_US // 1_000_000


def grant_of(incident: Incident, recipient: str = "ada@shop.example") -> AcknowledgeGrant:
    """Return a grant that ends in an hour."""
    return AcknowledgeGrant(incident.id, recipient, "row-1", NOW_S + 3600)


def path_of(grant: AcknowledgeGrant, signer: AcknowledgeSigner = SIGNER) -> str:
    """Return the path of its link."""
    return f"/acknowledge/{signer.sign(grant)}"


def test_a_link_is_opened_without_effect_and_acknowledges_once_its_button_is_pressed(scene: Scene) -> None:
    """In the name of the recipient; the audit log has it with the change, and lists of tokens do not."""
    incident = scene.incident(scene.add("<b>支払い</b>"), what="status 500")
    path = path_of(grant_of(incident))

    scanned, opened = scene.get(path, path)
    before = scene.store.incidents.acknowledgements()
    pressed = scene.post(path, data={})

    assert [page.status_code for page in (scanned, opened, pressed)] == [200, 200, 200]
    assert before == ()
    assert "&lt;b&gt;支払い&lt;/b&gt;" in opened.text
    assert "<b>支払い" not in opened.text
    assert "Acknowledge as ada@shop.example" in opened.text
    assert "You have acknowledged this incident" in pressed.text
    assert "<form" not in pressed.text
    (acknowledgement,) = scene.store.incidents.acknowledgements()
    assert (acknowledgement.incident, acknowledgement.action, acknowledgement.author) == (
        incident.id, "acknowledge", "ada@shop.example",
    )  # fmt: skip
    (entry,) = scene.store.audit.search()
    assert (entry.actor, entry.action, entry.subject) == ("ada@shop.example", "incident.acknowledge", incident.id)
    assert entry.origin.startswith("link of a mail")
    assert scene.store.tokens.all() == ()
    assert opened.headers["cache-control"] == "no-store"
    assert opened.headers["referrer-policy"] in {"no-referrer", "same-origin"}


def test_a_stolen_link_that_was_used_says_so_and_changes_nothing(scene: Scene) -> None:
    """However often it is opened and pressed."""
    incident = scene.incident(scene.add("pay"))
    path = path_of(grant_of(incident))
    scene.post(path, data={})

    (opened,) = scene.get(path)
    pressed = scene.post(path, data={})

    assert [page.status_code for page in (opened, pressed)] == [410, 410]
    assert all("This link was used already." in page.text for page in (opened, pressed))
    assert "<form" not in opened.text
    assert len(scene.store.incidents.acknowledgements()) == 1
    assert len(scene.store.audit.search()) == 1


def test_links_of_two_recipients_are_two(scene: Scene) -> None:
    """A use of the first does not end the second."""
    incident = scene.incident(scene.add("pay"))
    scene.post(path_of(grant_of(incident)), data={})

    (other,) = scene.get(path_of(grant_of(incident, "ben@shop.example")))

    assert "Acknowledge as ben@shop.example" in other.text


@pytest.mark.parametrize(
    ("phase", "by", "status", "words"),
    [
        (Phase.RESOLVED, "", 410, "This incident is over: there is nothing to acknowledge."),
        (Phase.ACKNOWLEDGED, "grace", 200, "This incident is acknowledged already, by grace."),
    ],
)
def test_nothing_is_left_to_acknowledge(scene: Scene, phase: Phase, by: str, status: int, words: str) -> None:
    """Of an incident that is over, or that somebody has taken on."""
    ended_us = NOW_US - 1 if phase is Phase.RESOLVED else None
    incident = scene.incident(scene.add("pay"), phase=phase, acknowledged_by=by, ended_us=ended_us)
    path = path_of(grant_of(incident))

    (opened,) = scene.get(path)
    pressed = scene.post(path, data={})

    assert [page.status_code for page in (opened, pressed)] == [status, status]
    assert all(words in page.text for page in (opened, pressed))
    assert scene.store.incidents.acknowledgements() == ()


def test_what_is_no_valid_link_is_said_and_changes_nothing(scene: Scene) -> None:
    """Expired, forged, cut, of another workspace, of an incident that is gone, and nonsense."""
    incident = scene.incident(scene.add("pay"))
    good = path_of(grant_of(incident))
    expired, forged = (410, "This link has expired"), (404, "This link was not made here")
    paths = {
        path_of(replace(grant_of(incident), expires_s=NOW_S)): expired,
        path_of(replace(grant_of(incident), expires_s=NOW_S - DAY_US)): expired,
        path_of(grant_of(incident), AcknowledgeSigner(b"x" * 32)): forged,
        good[:-1]: forged,
        good.replace("/acknowledge/", "/acknowledge/A"): forged,
        "/acknowledge/%00%ff": forged,
        "/acknowledge/" + "A" * 5_000: forged,
        "/acknowledge/支払い": forged,
        path_of(replace(grant_of(incident), incident="gone")): (404, "This incident is not kept any more"),
    }

    opened = scene.get(*paths)
    pressed = [scene.post(path, data={}) for path in paths]

    for page, (status, words) in zip([*opened, *pressed], [*paths.values()] * 2, strict=True):
        assert (page.status_code, words in page.text) == (status, True), page.text
    assert scene.store.incidents.acknowledgements() == ()


def test_another_sites_page_cannot_press_the_button(scene: Scene) -> None:
    """Even if it knows the link."""
    incident = scene.incident(scene.add("pay"))

    answer = scene.post(path_of(grant_of(incident)), data={}, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert scene.store.incidents.acknowledgements() == ()
