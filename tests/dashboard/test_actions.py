"""What people do on pages and programs through the API, by the functions of the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from outrider.alerts import Phase, read_incidents
from outrider.dashboard import check_path
from outrider.model import Outcome
from outrider.server.action_routes import ACTIONS

from .conftest import HOUR_US, NOW_US, check

if TYPE_CHECKING:
    from .conftest import Scene


def test_a_check_is_run_paused_and_resumed_from_its_page(scene: Scene) -> None:
    """Each leads back to the page, which says so, and is noted with who did it and from where."""
    pay = scene.add("pay", locations=("oslo", "rome"))
    scene.ran(pay)
    path = check_path(pay.id)

    ran = scene.post(f"{path}/run", data={"location": "rome"})
    paused = scene.post(f"{path}/pause", data={"reason": "moving house"})
    pauses = scene.store.schedule.pauses()
    resumed = scene.post(f"{path}/resume", data={})

    assert [answer.status_code for answer in (ran, paused, resumed)] == [303] * 3
    assert [answer.headers["location"] for answer in (ran, resumed)] == [f"{path}?done=run", f"{path}?done=resume"]
    assert [(pause.check, pause.reason) for pause in pauses] == [(pay.id, "moving house")]
    assert scene.store.schedule.pauses() == ()
    changes = [(entry.actor, entry.action, entry.subject) for entry in scene.store.audit.search()]
    assert changes == [("local", f"check.{action}", pay.id) for action in ("resume", "pause", "run")]
    (page,) = scene.get(f"{path}?done=run")
    assert "A run was requested." in page.text


def test_an_incident_is_acknowledged_and_resolved_from_its_page(scene: Scene) -> None:
    """In the name of who signed in."""
    incident = scene.incident(scene.add("pay"))

    answers = [scene.post(f"/incidents/{incident.id}/{action}", data={}) for action in ("acknowledge", "resolve")]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert [(done.incident, done.action, done.author) for done in scene.store.incidents.acknowledgements()] == [
        (incident.id, "acknowledge", "local"), (incident.id, "close", "local"),
    ]  # fmt: skip


def test_an_incident_is_assigned_and_commented_on_from_its_page(scene: Scene) -> None:
    """The comment stands on the time line with its author and time; what is assigned waits for who writes incidents."""
    incident = scene.incident(scene.add("pay"))
    path = f"/incidents/{incident.id}"

    assigned = scene.post(f"{path}/assign", data={"assignee": " グレース "})
    commented = scene.post(f"{path}/comment", data={"text": "<script>alert(1)</script>\n証明書を更新中 \x1b[2J"})
    (page,) = scene.get(path)
    body = scene.get(f"/api/v1{path}")[0].json()

    assert [answer.headers["location"] for answer in (assigned, commented)] == [
        f"{path}?done=assign", f"{path}?done=comment",
    ]  # fmt: skip
    (assignment,) = scene.store.incidents.acknowledgements()
    assert (assignment.action, assignment.author, assignment.assignee) == ("assign", "local", "グレース")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n証明書を更新中 \\x1b[2J" in page.text
    (comment,) = [event for event in body["events"] if event["author"]]
    assert (comment["author"], comment["what"].splitlines()[1]) == ("local", "証明書を更新中 \\x1b[2J")
    changes = [(entry.actor, entry.action, entry.subject) for entry in scene.store.audit.search()]
    assert changes == [("local", f"incident.{action}", incident.id) for action in ("comment", "assign")]


def test_a_resolved_incident_takes_comments_and_no_assignee(scene: Scene) -> None:
    """What was learnt of it is written afterwards."""
    over = scene.incident(scene.add("pay"), phase=Phase.RESOLVED, ended_us=NOW_US - 1)

    commented = scene.post(f"/api/v1/incidents/{over.id}/comment", json={"text": "it was the cache"})
    assigned = scene.post(f"/api/v1/incidents/{over.id}/assign", json={"assignee": "ada"})

    assert (commented.status_code, assigned.status_code) == (200, 404)
    assert [comment.text for comment in scene.store.incidents.comments(over.id)] == ["it was the cache"]


def test_a_body_of_five_megabytes_is_refused_unread(scene: Scene) -> None:
    """And leaves no comment."""
    incident = scene.incident(scene.add("pay"))

    answers = [
        scene.post(f"/api/v1/incidents/{incident.id}/comment", json={"text": "x" * 5_000_000}),
        scene.post(f"/incidents/{incident.id}/comment", data={"text": "x" * 5_000_000}),
    ]

    assert [answer.status_code for answer in answers] == [413, 413]
    assert scene.store.incidents.comments(incident.id) == ()


def test_a_silence_shows_what_it_mutes_before_it_is_made(scene: Scene) -> None:
    """And is listed, and ended, on the same page."""
    pay = scene.add("pay")
    scene.add("other")
    scene.incident(pay, labels={"check": pay.id})

    (preview,) = scene.get("/silences?matchers=check%3D" + pay.id)
    made = scene.post("/silences", data={"matchers": f"check={pay.id}\n", "for": "2h", "comment": "new cart"})
    (silence,) = scene.store.silences.ending_after(NOW_US)
    (listed,) = scene.get("/silences")
    ended = scene.post(f"/silences/{silence.id}/end", data={})

    assert "This mutes 1 open incident and 1 check." in preview.text
    assert (made.status_code, ended.status_code) == (303, 303)
    assert (silence.matchers, silence.author, silence.comment) == ((f"check={pay.id}",), "local", "new cart")
    assert silence.ends_us - silence.starts_us == 7_200_000_000
    assert "new cart" in listed.text
    assert scene.store.silences.ending_after(silence.ends_us - 1) == ()


def test_a_release_is_marked_for_the_workspace(scene: Scene) -> None:
    """With the environment that is the default."""
    scene.post("/releases", data={"name": " v2.4 ", "accept": "on"})

    (release,) = scene.store.judgements.releases()
    assert (release.name, release.environment, release.accepted) == ("v2.4", "production", True)


def test_what_happened_is_noted_on_the_trends_of_checks_with_a_label(scene: Scene) -> None:
    """At its time, with its text as text; another check does not show it, and it can be removed."""
    shop = scene.add("pay", tags=frozenset({"shop"}))
    other = scene.add("other")
    for of in (shop, other):
        for hours in range(1, 6):
            scene.ran(of, ago_us=hours * HOUR_US)
    at = datetime.fromtimestamp((NOW_US - 3 * HOUR_US) / 1e6, UTC)

    sent = {"text": "<script>x</script> キャッシュ\x00", "matchers": "tag=shop", "at": f"{at:%Y-%m-%dT%H:%M}"}
    made = scene.post("/annotations", data=sent)
    (mark,) = scene.store.annotations.between(0, NOW_US)
    shop_page, other_page, listed = scene.get(check_path(shop.id), check_path(other.id), "/annotations")
    body = scene.get("/api/v1/annotations")[0].json()
    removed = scene.post(f"/annotations/{mark.id}/remove", data={})

    assert (made.headers["location"], removed.status_code) == ("/annotations?done=annotate", 303)
    assert (mark.text, mark.matchers, mark.author) == ("<script>x</script> キャッシュ\\x00", ("tag=shop",), "local")
    assert mark.at_us == NOW_US - 3 * HOUR_US
    shown = '<g class="annotation"><title>&lt;script&gt;x&lt;/script&gt; キャッシュ\\x00</title>'
    assert [shown in page.text for page in (shop_page, other_page)] == [True, False]
    assert "<script>x" not in shop_page.text + listed.text
    assert [item["text"] for item in body["items"]] == [mark.text]
    assert scene.store.annotations.between(0, NOW_US) == ()
    assert [entry.action for entry in scene.store.audit.search()] == ["annotation.remove", "annotation.add"]


def test_a_release_where_nothing_runs_is_marked_with_a_warning(scene: Scene) -> None:
    """A mistyped environment would explain nothing, and a first deploy may come before its checks."""
    scene.add("pay")
    mistyped = scene.post("/api/v1/releases", json={"name": "v3", "environment": "prodction"})
    right = scene.post("/api/v1/releases", json={"name": "v3", "environment": "production"})
    form = scene.post("/releases", data={"name": "v4", "environment": "prodction"})
    (page,) = scene.get(form.headers["Location"])

    assert (mistyped.status_code, right.json()["warning"]) == (200, "")
    assert 'no check runs in the environment "prodction"; did you mean' in mistyped.json()["warning"]
    assert "no check runs in that environment" in page.text
    assert len(scene.store.judgements.releases()) == 3


def test_the_api_does_the_same_with_json(scene: Scene) -> None:
    """And says what came of it; a list of matchers is as good as lines."""
    pay = scene.add("pay")

    ran = scene.post(f"/api/v1{check_path(pay.id)}/run", json={})
    silenced = scene.post("/api/v1/silences", json={"matchers": ["kind=probe", f"check={pay.id}"], "for": "30m"})
    marked = scene.post("/api/v1/releases", json={"name": "v3", "accept": False})

    assert [answer.status_code for answer in (ran, silenced, marked)] == [200] * 3
    assert (ran.json()["done"], len(ran.json()["id"])) == ("run", 36)
    assert silenced.json()["id"] == scene.store.silences.ending_after(NOW_US)[0].id
    assert marked.json() == {"done": "release", "id": "", "by": "local", "warning": ""}


def test_the_document_describes_what_each_action_takes(scene: Scene) -> None:
    """Its schemas are valid, and fit what is sent and answered."""
    pay = scene.add("pay")
    document = scene.get("/api/v1/openapi.json")[0].json()
    described = {path: operations["post"] for path, operations in document["paths"].items() if "post" in operations}
    sent = {"matchers": f"check={pay.id}", "for": "1h", "comment": "x"}

    answer = scene.post("/api/v1/silences", json=sent)

    assert described.keys() == {f"/api/v1{action.path}".replace(":path}", "}") for action in ACTIONS}
    for operation in described.values():
        if "requestBody" in operation:
            Draft202012Validator.check_schema(operation["requestBody"]["content"]["application/json"]["schema"])
    silences = described["/api/v1/silences"]
    Draft202012Validator(silences["requestBody"]["content"]["application/json"]["schema"]).validate(sent)
    schema = {
        **silences["responses"]["200"]["content"]["application/json"]["schema"],
        "components": document["components"],
    }
    Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize(
    ("path", "sent", "status", "slug"),
    [
        ("/checks/probe:none/run", {}, 404, "unknown-check"),
        ("/checks/*/run", {}, 404, "unknown-check"),
        ("/checks/*/pause", {}, 404, "unknown-check"),
        ("/checks/pay/pause", {}, 404, "unknown-check"),
        ("/checks/probes/shop.toml/resume", {}, 404, "unknown-check"),
        ("/checks//run", {}, 404, "unknown-check"),
        ("/checks/{pay}/run", {"location": "mars"}, 400, "unknown-name"),
        ("/checks/{pay}/run", {"place": "oslo"}, 400, "bad-argument"),
        ("/checks/{pay}/pause", {"reason": 5}, 400, "bad-argument"),
        ("/checks/{pay}/pause", {"reason": "x" * 1_001}, 400, "bad-argument"),
        ("/checks/{pay}/pause", ["x"], 400, "bad-argument"),
        ("/incidents/none/acknowledge", {}, 404, "unknown-incident"),
        ("/incidents/none/comment", {"text": "x"}, 404, "unknown-incident"),
        ("/incidents/{open}/comment", {"text": " \n"}, 400, "bad-argument"),
        ("/incidents/{open}/comment", {}, 400, "bad-argument"),
        ("/incidents/{open}/comment", {"text": "x" * 4_001}, 400, "bad-argument"),
        ("/incidents/{open}/assign", {"assignee": "x" * 101}, 400, "bad-argument"),
        ("/incidents/{open}/assign", {"assignee": "a\nb"}, 400, "bad-argument"),
        ("/silences", {"matchers": "check=a", "for": "soon"}, 400, "bad-argument"),
        ("/silences", {"matchers": "check=a", "for": "0s"}, 400, "bad-argument"),
        ("/silences", {"matchers": "check=a", "for": "9000d"}, 400, "bad-argument"),
        ("/silences", {"matchers": "nonsense"}, 400, "bad-matcher"),
        ("/silences", {"matchers": ""}, 400, "bad-matcher"),
        ("/silences", {"matchers": "team=shop"}, 400, "unknown-label"),
        ("/silences/none/end", {}, 404, "unknown-silence"),
        ("/annotations", {"text": " "}, 400, "bad-argument"),
        ("/annotations", {"text": "x", "at": "yesterday"}, 400, "bad-argument"),
        ("/annotations", {"text": "x", "at": "9999-01-01"}, 400, "bad-argument"),
        ("/annotations", {"text": "x", "at": "0001-01-01T00:00+20:00"}, 400, "bad-argument"),
        ("/annotations", {"text": "x", "matchers": "nonsense"}, 400, "bad-matcher"),
        ("/annotations", {"text": "x", "matchers": "team=shop"}, 400, "unknown-label"),
        ("/annotations", {"text": "x", "matchers": "kind=journey"}, 400, "unknown-label"),
        ("/annotations/none/remove", {}, 404, "unknown-annotation"),
        ("/releases", {"name": " "}, 400, "bad-argument"),
        ("/releases", {"name": "v1\nv2"}, 400, "bad-argument"),
        ("/releases", {"name": "v\u202e1"}, 400, "bad-argument"),
        ("/releases", {"name": "v" * 201}, 400, "bad-argument"),
        ("/releases", {"name": "v1", "environment": "a\x00b"}, 400, "bad-argument"),
    ],
)
def test_what_makes_no_sense_changes_nothing(scene: Scene, path: str, sent: Any, status: int, slug: str) -> None:
    """And is answered with what is wrong, and why."""
    pay = scene.add("pay")
    lasting = scene.incident(pay)

    answer = scene.post("/api/v1" + path.format(pay=pay.id, open=lasting.id), json=sent)

    assert (answer.status_code, answer.json()["type"].partition("#")[2]) == (status, slug)
    assert scene.store.audit.search() == ()


def test_a_click_that_is_made_twice_runs_a_check_once(scene: Scene) -> None:
    """The second one, of the same person or of another, gets the run that waits; another location is another run."""
    pay = scene.add("pay", locations=("oslo", "rome"))
    path = f"/api/v1{check_path(pay.id)}/run"

    first, second, other = (scene.post(path, json={"location": place}) for place in ("oslo", "oslo", "rome"))

    assert first.json() == second.json() != other.json()
    assert [(entry.check, entry.location) for entry in scene.store.schedule.asked()] == [
        (pay.id, "oslo"), (pay.id, "rome"),
    ]  # fmt: skip
    assert len(scene.store.audit.search()) == 2


def test_a_check_that_was_paused_by_somebody_else_is_not_noted_again(scene: Scene) -> None:
    """The first reason stays, and the audit log says who gave it."""
    pay = scene.add("pay")

    for reason in ("moving house", "me too"):
        scene.post(f"{check_path(pay.id)}/pause", data={"reason": reason})

    (entry,) = scene.store.audit.search()
    assert entry.detail == "moving house"


def test_a_renamed_check_answers_under_both_names_and_a_removed_one_runs_no_more(scene: Scene) -> None:
    """What the workspace does not have cannot be run; pausing it does no harm."""
    assert scene.checks is not None
    old, new = scene.add("old"), scene.add("new")
    scene.store.checks.rename(old.id, new.id, NOW_US)
    scene.checks.remove(old)
    gone = scene.add("gone")
    scene.checks.remove(gone)

    ran = scene.post(f"/api/v1{check_path(old.id)}/run", json={})
    refused = scene.post(f"/api/v1{check_path(gone.id)}/run", json={})

    assert ran.status_code == 200
    assert (refused.status_code, refused.json()["type"]) == (404, "docs/errors.md#unknown-check")
    assert [entry.check for entry in scene.store.schedule.asked()] == [new.id]


def test_another_sites_page_changes_nothing(scene: Scene) -> None:
    """Its request lacks the form's token, or the browser says where it comes from."""
    pay = scene.add("pay")
    path = f"{check_path(pay.id)}/pause"

    answers = [
        scene.post(path, data={"form_token": ""}, headers={"X-Form-Token": ""}),
        scene.post(path, data={}, headers={"Sec-Fetch-Site": "cross-site"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert scene.store.schedule.pauses() == ()


@pytest.mark.parametrize(
    ("headers", "way"),
    [({}, "outrider tokens create"), ({"Origin": "http://elsewhere.example"}, "Open the page again"),
     ({"Sec-Fetch-Site": "same-origin"}, "Open the page again")],
)  # fmt: skip
def test_a_change_without_a_token_is_refused_with_the_way_to_make_it(
    scene: Scene, headers: dict[str, str], way: str
) -> None:
    """A program is told of tokens, a page of before a restart to be opened again; neither changes anything."""
    pay = scene.add("pay")

    answer = scene.program_post(f"/api/v1{check_path(pay.id)}/pause", headers)

    assert answer.status_code == 403
    assert way in answer.json()["detail"]
    assert scene.store.schedule.pauses() == ()


def test_pages_offer_what_can_be_done_to_what_lasts(scene: Scene) -> None:
    """A deleted check and an incident that is over offer nothing."""
    pay = scene.add("pay")
    scene.ran(pay, Outcome.FAILED)
    gone = check("gone")
    scene.ran(gone)
    open_one = scene.incident(pay)
    (stored,) = read_incidents(scene.store.incidents.search())

    check_page, gone_page, incident_page = scene.get(
        check_path(pay.id), check_path(gone.id), f"/incidents/{open_one.id}"
    )

    assert stored.id == open_one.id
    assert [word in check_page.text for word in ("Run now", "Pause", "Silence…")] == [True] * 3
    assert "Run now" not in gone_page.text
    assert [word in incident_page.text for word in ("Acknowledge", "Resolve")] == [True, True]


def test_an_incident_of_no_check_is_silenced_by_itself(scene: Scene) -> None:
    """What it affects, such as a receiver, has no page to lead to."""
    incident = scene.incident(check("pay"), checks=("channel:mail",), labels={"receiver": "mail"})

    (page,) = scene.get(f"/incidents/{incident.id}")

    assert f"/silences?matchers=incident%3D{incident.id}" in page.text
    assert "channel:mail" in page.text
    assert "/checks/" not in page.text


def test_a_program_names_what_it_changes_by_its_whole_id(scene: Scene) -> None:
    """A beginning that is unique now may be another's tomorrow; nothing is changed."""
    incident = scene.incident(scene.add("home"))
    made = {
        "incidents": incident.id,
        "silences": scene.post("/api/v1/silences", json={"matchers": "kind=probe"}).json()["id"],
        "annotations": scene.post("/api/v1/annotations", json={"text": "cache warmed"}).json()["id"],
    }
    acts = [
        ("incidents", "acknowledge", {}), ("incidents", "assign", {"assignee": "ada"}), ("incidents", "resolve", {}),
        ("incidents", "comment", {"text": "I look"}), ("silences", "end", {}), ("annotations", "remove", {}),
    ]  # fmt: skip
    before = len(scene.store.audit.search())

    short = [scene.post(f"/api/v1/{kind}/{made[kind][-8:]}/{act}", json=sent) for kind, act, sent in acts]
    assert len(scene.store.audit.search()) == before
    whole = [scene.post(f"/api/v1/{kind}/{made[kind]}/{act}", json=sent) for kind, act, sent in acts]

    assert [answer.status_code for answer in short] == [404] * 6
    assert all("whole id" in answer.json()["detail"] for answer in short)
    assert [answer.status_code for answer in whole] == [200] * 6
