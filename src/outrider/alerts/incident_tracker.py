"""Tracks incidents in memory: findings go in, changes and notifications come out. No I/O.

`changes` returns everything since it was last called, to be written in one transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from outrider.alerts.composition import compose
from outrider.alerts.confirmation import Confirmation, seen
from outrider.alerts.finding import Finding, check_of, is_gone
from outrider.alerts.group import Dispatch, Group, Look, flush
from outrider.alerts.incident import (
    Incident,
    Phase,
    Quote,
    Tally,
    Transition,
    act_on,
    pause,
    retire,
    step,
    strengthen,
    suspect,
    tally_of,
)
from outrider.alerts.incident_records import (
    log_unreadable,
    read_confirmation,
    read_group,
    read_incidents,
    stored_confirmation,
    stored_group,
    stored_incident,
)
from outrider.alerts.message import dump
from outrider.alerts.mute_reason import muted_by_network, why_muted
from outrider.alerts.notification_kind import NotificationKind
from outrider.alerts.page_evidence import disturbs
from outrider.alerts.route import INCIDENT
from outrider.model import AlertChanges, AlertState, Notification, counted, new_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from outrider.alerts.alert_settings import AlertSettings
    from outrider.model import Acknowledgement, Silence

_SET_BACK_US = 5_000_000
_GAP_US = 300_000_000
RESTING_US = 1_200_000_000
"""How long the last run of a subject that is well is remembered; longer than a crash repeats runs."""

_PATIENCE_US = 3_600_000_000
_STORED_EVERY_US = 10_000_000
"""How often an incident is stored, at most, because of another bad run alone."""

_NOTHING = Tally()


class IncidentTracker:
    """All incidents of a workspace; used by one thread at a time.

    Args:
        settings: Who is notified of what.
        state: What was known before.
        workspace: Its name, for messages.
        series: How many series of the workspace are judged: the more, the stronger evidence must be to notify.
        new_id: Makes ids from a time.
    """

    def __init__(
        self,
        settings: AlertSettings,
        state: AlertState | None = None,
        *,
        workspace: str = "",
        series: int = 1,
        new_id: Callable[[int], str] = new_run_id,
    ) -> None:
        state = state or AlertState()
        self.settings = settings
        self.incidents = {incident.id: incident for incident in read_incidents(state.incidents, log_unreadable)}
        self.confirmations = {stored.subject: read_confirmation(stored) for stored in state.watches}
        self.groups = {stored.key: read_group(stored) for stored in state.groups}
        self.silences: Sequence[Silence] = ()
        self.series = series
        self._workspace = workspace
        self._new_id = new_id
        self._routes = {route.name: route for route in settings.route.walk()}
        self._members: dict[str, set[str]] = defaultdict(set)
        self._tallies: dict[str, Tally] = {}
        self._affected: dict[str, set[str]] = defaultdict(set)
        self._unwell: dict[str, Counter[str]] = defaultdict(Counter)
        self._by_cause: dict[str, str] = {}
        self._paused_us: dict[str, int] = {}
        self._now_us: int | None = None
        self._since_us = 0
        self._changed: dict[str, set[str]] = {}
        self._out: list[Notification] = []
        self._processed: list[int] = []
        self._begin()
        for key, confirmation in list(self.confirmations.items()):
            if confirmation.incident in self.incidents:
                self._members[confirmation.incident].add(key)
                self._count(confirmation.incident, None, confirmation)
            else:
                self.confirmations[key] = replace(confirmation, incident="")
        for incident in self.incidents.values():
            self._index(incident)
            confirmed = (key for key in self._members[incident.id] if self.confirmations[key].confirmed)
            self._affected[incident.id] |= {*incident.checks, *map(check_of, confirmed)}

    def _begin(self) -> None:
        names = ("incidents", "watches", "groups", "lost_incidents", "lost_watches", "lost_groups")
        self._changed = {name: set() for name in names}

    # What comes in

    def observe(self, findings: Iterable[Finding], now_us: int) -> None:
        """Process findings."""
        for finding in findings:
            self._hear(finding, now_us)

    def process_acknowledgement(self, what: Acknowledgement, now_us: int) -> None:
        """Process an acknowledgement; of an incident that is unknown or over it changes nothing."""
        self._processed.append(what.key)
        if (before := self.incidents.get(what.incident)) is None:
            return
        incident, transition = act_on(before, what, now_us)
        if transition is Transition.RESOLVED:
            self._unindex(before)
            self._release(incident.id, forget=True)
        self._note(incident, transition, now_us)

    def use_pauses(self, pauses: Mapping[str, str], now_us: int) -> None:
        """Note which checks are paused, and why: see `pause`; they are not absent."""
        self._paused_us |= dict.fromkeys(pauses, now_us)
        for identity, incident in self.incidents.items():
            self.incidents[identity] = pause(incident, self._unwell[identity], pauses, now_us)
            if self.incidents[identity] is not incident:
                self._changed["incidents"].add(identity)

    def await_explanation(self, identity: str, until_us: int) -> None:
        """Let the first message about an incident wait until it is explained, and no longer than until a time."""
        for group in self._unsent(identity):
            self._put(replace(group, due_us=max(group.due_us, until_us)))

    def explain(
        self, identity: str, explanation: tuple[Quote, ...], named: tuple[str, ...] = (), *, is_due: bool = True,
        shows: tuple[str, int] | None = None,
    ) -> None:  # fmt: skip
        """Keep what explains an incident as it `shows` now; its message waits no longer if due, or is told again."""
        if (incident := self.incidents.get(identity)) is None or shows not in {None, incident.shows}:
            return
        known = replace(incident, explanation=explanation or incident.explanation, named=named or incident.named)
        if known != incident:
            self.incidents[identity] = known
            self._changed["incidents"].add(identity)
        if known.is_explained and not incident.is_explained:
            for group in [own for own in self.groups.values() if own.told_unexplained(identity)]:
                self._put(replace(group, due_us=0))
        for group in self._unsent(identity) if is_due else ():
            due_us = (incident.confirmed_us or 0) + self._routes.get(group.route, self.settings.route).wait_us
            self._put(replace(group, due_us=min(group.due_us, due_us)))

    def _unsent(self, identity: str) -> list[Group]:
        return [own for own in self.groups.values() if identity in own.incidents and own.last_notified_us is None]

    def tick(self, now_us: int) -> int:
        """Send what is due; return by how many microseconds the clock was set back since the last tick."""
        if self._now_us is None or now_us - self._now_us > _GAP_US:
            self._since_us = now_us
        jump_us = self._set_back(now_us)
        for incident in list(self.incidents.values()):
            if incident.phase is Phase.FLAPPING:
                self._step(incident.id, now_us)
            elif incident.phase is Phase.RESOLVED and now_us - incident.changed_us > self.settings.stability.reopen_us:
                self._leave(incident)
        self._drop_absent(now_us)
        for group in list(self.groups.values()):
            if group.next_us() <= now_us:
                self._flush(group, now_us)
        return jump_us

    def changes(self) -> AlertChanges:
        """Return everything that happened since this was last asked."""
        changed = self._changed
        changes = AlertChanges(
            tuple(stored_incident(self.incidents[key]) for key in changed["incidents"] if key in self.incidents),
            tuple(
                stored_confirmation(self.confirmations[key]) for key in changed["watches"] if key in self.confirmations
            ),
            tuple(stored_group(self.groups[key]) for key in changed["groups"] if key in self.groups),
            tuple(self._out),
            tuple(changed["lost_incidents"]),
            tuple(changed["lost_watches"] - self.confirmations.keys()),
            tuple(changed["lost_groups"] - self.groups.keys()),
            tuple(self._processed),
        )
        self._out, self._processed = [], []
        self._begin()
        return changes

    def restore(self, changes: AlertChanges) -> None:
        """Take back changes that could not be written; the next ones contain them."""
        self._changed["incidents"] |= {stored.id for stored in changes.incidents}
        self._changed["watches"] |= {stored.subject for stored in changes.watches}
        self._changed["groups"] |= {stored.key for stored in changes.groups}
        self._changed["lost_incidents"] |= set(changes.forgotten_incidents)
        self._changed["lost_watches"] |= set(changes.forgotten_watches)
        self._changed["lost_groups"] |= set(changes.forgotten_groups)
        self._out = [*changes.notifications, *self._out]
        self._processed = [*changes.processed, *self._processed]

    # One finding

    def _hear(self, finding: Finding, now_us: int) -> None:
        key = finding.key.text
        before = self.confirmations.get(key)
        if (before is None or before.is_well) and not finding.present:
            return
        labels = self.settings.labelled(finding.labels)
        confirmation = seen(before or Confirmation(key), finding, self.settings.thresholds_for(labels))
        if confirmation is before:
            return
        if not confirmation.incident and finding.present:
            confirmation = replace(confirmation, incident=self._incident_for(finding, labels, now_us))
        self.confirmations[key] = confirmation
        self._changed["watches"].add(key)
        if confirmation.incident:
            self._members[confirmation.incident].add(key)
            self._count(confirmation.incident, before if before and before.incident else None, confirmation)
            if finding.present:
                self._feed(confirmation, before, finding, labels)
                self._weigh(confirmation.incident, now_us)
            if confirmation.confirmed != bool(before and before.confirmed):
                self._mark(confirmation, finding.at_us)
            self._step(confirmation.incident, now_us)
            if confirmation.confirmed and not (before and before.confirmed):
                self._route(self.incidents[confirmation.incident], labels, now_us)
        if self.confirmations[key].is_well:
            self._rest(key)

    def _incident_for(self, finding: Finding, labels: Mapping[str, str], now_us: int) -> str:
        """Return the incident of the same cause, or a new one that is not more than a suspicion yet."""
        causes = tuple(f"{finding.key.problem}|{finding.key.environment}|{cause}" for cause in finding.causes)
        for cause in causes:
            incident = self.incidents.get(self._by_cause.get(cause, ""))
            if incident and ("|fault:" not in cause or self._is_at_the_same_time(incident, now_us)):
                return incident.id
        identity = self._new_id(now_us)
        self.incidents[identity] = suspect(identity, finding, causes, labels, now_us)
        self._tallies[identity] = _NOTHING
        self._changed["incidents"].add(identity)
        self._index(self.incidents[identity])
        return identity

    def _is_at_the_same_time(self, incident: Incident, now_us: int) -> bool:
        recent = now_us - incident.changed_us <= self.settings.within_us
        return recent and incident.phase is not Phase.RESOLVED

    def _feed(
        self, confirmation: Confirmation, before: Confirmation | None, finding: Finding, labels: Mapping[str, str]
    ) -> None:
        """Note in an incident that one of its members is bad, and which labels all of them share."""
        incident = self.incidents[confirmation.incident]
        fresh = confirmation.confirmed and not (before and before.confirmed)
        if fresh:
            self._affected[incident.id].add(finding.key.subject)
            affected = len(self._affected[incident.id])
            incident = incident.joined(finding.key.subject, labels, confirmation, affected=affected)
        if incident.is_led_by(confirmation, self.confirmations.get(incident.lead_subject)):
            incident = incident.led_by(finding.key.text, finding.facts)
        last_bad_us = max(incident.last_bad_us, finding.at_us)
        self.incidents[incident.id] = replace(incident, last_bad_us=last_bad_us)
        if fresh or last_bad_us // _STORED_EVERY_US != incident.last_bad_us // _STORED_EVERY_US:
            self._changed["incidents"].add(incident.id)

    def _mark(self, confirmation: Confirmation, at_us: int) -> None:
        """Note in an incident which of its checks are well again, and how many are not."""
        incident, check = self.incidents[confirmation.incident], check_of(confirmation.key)
        self.incidents[incident.id] = incident.marked(check, at_us, self._unwell[incident.id])
        self._changed["incidents"].add(incident.id)

    def _weigh(self, identity: str, now_us: int) -> None:
        """Notify of an incident from now on if what it shows has become more than chance brings to the workspace."""
        incident = self.incidents[identity]
        if incident.pages:
            return
        members = [self.confirmations[key] for key in self._members[identity]]
        if disturbs(members, self.series, self.settings, now_us):
            self.incidents[identity] = strengthen(incident, now_us)
            self._changed["incidents"].add(identity)
            self._hurry(identity, now_us)

    def _count(self, incident: str, before: Confirmation | None, after: Confirmation | None) -> None:
        old, new, tally = tally_of(before), tally_of(after), self._tallies.get(incident, _NOTHING)
        if new.confirmed != old.confirmed and (confirmation := after or before):
            unwell, check = self._unwell[incident], check_of(confirmation.key)
            unwell[check] += new.confirmed - old.confirmed
            if unwell[check] <= 0:
                del unwell[check]
        self._tallies[incident] = Tally(
            tally.bad - old.bad + new.bad,
            tally.confirmed - old.confirmed + new.confirmed,
            tally.unwell - old.unwell + new.unwell,
        )

    def _step(self, identity: str, now_us: int) -> None:
        tally = self._tallies.get(identity, _NOTHING)
        incident, transition = step(self.incidents[identity], tally, now_us, self.settings.stability)
        self._note(incident, transition, now_us)

    def _note(self, incident: Incident, transition: Transition | None, now_us: int) -> None:
        """Keep an incident after a step, and make its groups due where that must be notified at once."""
        if transition is None:
            return
        self.incidents[incident.id] = incident
        self._changed["incidents"].add(incident.id)
        match transition:
            case Transition.WITHDRAWN:
                self._leave(incident)
                self._changed["lost_incidents"].add(incident.id)
            case Transition.RESOLVED | Transition.ACKNOWLEDGED | Transition.FLAPPING | Transition.RELAPSED:
                self._hurry(incident.id, now_us)
                if transition in {Transition.RELAPSED, Transition.FLAPPING}:
                    self._route(incident, incident.labels, now_us)
            case _:
                pass

    def _hurry(self, identity: str, now_us: int) -> None:
        for group in self.groups.values():
            if identity in group.incidents:
                self._put(replace(group, due_us=min(group.due_us, now_us)))

    # Members that leave

    def keep_checks(self, checks: Collection[str], now_us: int) -> None:
        """Drop subjects of checks, and of rules, that are no more; an incident that has no other ends at once."""
        rules = {rule.subject for rule in self.settings.rules}
        gone = [key for key in self.confirmations if is_gone(key, checks, rules)]
        affected = dict.fromkeys(self.confirmations[key].incident for key in gone)
        for key in gone:
            self._forget(key)
        for incident in [self.incidents[key] for key in affected if key in self.incidents]:
            if self._members[incident.id] or incident.phase is Phase.PENDING:
                self._step(incident.id, now_us)
                continue
            self._unindex(incident)
            self._note(*retire(incident, now_us), now_us)

    def _rest(self, key: str) -> None:
        """Remove a member that is well, and remember its last run for a while: a crash repeats runs."""
        confirmation = self.confirmations[key]
        if confirmation.incident in self.incidents:
            self._count(confirmation.incident, confirmation, None)
            self._members[confirmation.incident].discard(key)
        self.confirmations[key] = Confirmation(key, last_us=confirmation.last_us)
        self._changed["watches"].add(key)

    def _forget(self, key: str) -> None:
        confirmation = self.confirmations.pop(key)
        self._changed["lost_watches"].add(key)
        if confirmation.incident in self.incidents:
            self._count(confirmation.incident, confirmation, None)
            self._members[confirmation.incident].discard(key)

    def _release(self, identity: str, *, forget: bool) -> None:
        """Remove all members; those that are forgotten must be confirmed anew."""
        for key in self._members.pop(identity, set()):
            confirmation = self.confirmations[key]
            self.confirmations[key] = (
                Confirmation(key, last_us=confirmation.last_us) if forget else replace(confirmation, incident="")
            )
            self._changed["watches"].add(key)
        self._tallies[identity] = _NOTHING
        self._unwell.pop(identity, None)

    def _leave(self, incident: Incident) -> None:
        """Drop an incident that cannot come back."""
        self._release(incident.id, forget=False)
        self._tallies.pop(incident.id, None)
        self._affected.pop(incident.id, None)
        self._unindex(incident)
        if not any(incident.id in group.incidents for group in self.groups.values()):
            del self.incidents[incident.id]

    def _drop_absent(self, now_us: int) -> None:
        """Drop confirmations that have been well for long, and members without a run for long."""
        for key in [
            key
            for key, confirmation in self.confirmations.items()
            if confirmation.is_well and confirmation.last_us < now_us - RESTING_US
        ]:
            self._forget(key)
        if now_us - self._since_us < min(self.settings.forget_us, _PATIENCE_US):
            return  # we were away ourselves, or the clock was
        limit_us = now_us - self.settings.forget_us
        for key in [key for key, known in self.confirmations.items() if self._heard_us(known) < limit_us]:
            identity = self.confirmations[key].incident
            self._forget(key)
            if identity in self.incidents:
                self._step(identity, now_us)

    def _heard_us(self, confirmation: Confirmation) -> int:
        return max(confirmation.last_us, self._paused_us.get(check_of(confirmation.key), 0))

    def _unindex(self, incident: Incident) -> None:
        for cause in incident.causes:
            if self._by_cause.get(cause) == incident.id:
                del self._by_cause[cause]

    def _index(self, incident: Incident) -> None:
        for cause in incident.causes:
            self._by_cause.setdefault(cause, incident.id)

    # Groups

    def _route(self, incident: Incident, labels: Mapping[str, str], now_us: int) -> None:
        """Put an incident into the groups of every route that matches one of its members."""
        own = {**labels, INCIDENT: incident.id, "severity": incident.severity.value}
        for route in self.settings.route.find(own):
            key = route.group_key(own)
            group = self.groups.get(key) or Group(key, route.name, (), now_us + route.wait_us)
            if incident.id not in group.incidents:
                due_us = min(group.due_us, now_us + route.wait_us) if group.last_notified_us is None else group.due_us
                self._put(replace(group, incidents=(*group.incidents, incident.id), due_us=due_us))

    def _put(self, group: Group) -> None:
        self.groups[group.key] = group
        self._changed["groups"].add(group.key)

    def _flush(self, group: Group, now_us: int) -> None:
        route = self._routes.get(group.route)
        incidents = tuple(self.incidents[identity] for identity in group.incidents if identity in self.incidents)
        after: Group | None = None
        dispatches: tuple[Dispatch, ...] = ()
        if route is not None:
            lasting = [incident for incident in self.incidents.values() if incident.phase.lasts]
            muted = {incident.id for incident in incidents if self.why_muted(incident, now_us, lasting)}
            after, dispatches = flush(group, Look(incidents, frozenset(muted), route, self.settings, now_us))
        else:
            dispatches = self._end_of_route(group, incidents, now_us)
        if dispatches and not group.thread:
            group = replace(group, thread=self._new_id(now_us))
        if after is None:
            del self.groups[group.key]
            self._changed["lost_groups"].add(group.key)
        else:
            self._put(replace(after, thread=group.thread))
        for dispatch in dispatches:
            self._notify(dispatch, group, now_us, route.repeat_us if route else 0)

    def _end_of_route(self, group: Group, incidents: Sequence[Incident], now_us: int) -> tuple[Dispatch, ...]:
        """Route what lasts anew, and return what ends the group for those who were notified through a removed route."""
        for incident in incidents:
            if incident.phase.lasts:
                self._route(incident, incident.labels, now_us)
        notified = {identity for identity, _, _ in group.last_notified}
        ended = tuple(incident for incident in incidents if incident.id in notified)
        receivers = tuple(name for name in group.receivers if name in self.settings.receivers)
        note = f'the route "{group.route}" was removed: routes that match now notify of what lasts'
        return (Dispatch(NotificationKind.RESOLVED, receivers, ended, note),) if ended and receivers else ()

    def why_muted(self, incident: Incident, now_us: int, lasting: Sequence[Incident] | None = None) -> str:
        """Return why nobody is notified of an incident now; empty if somebody is."""
        if lasting is None:
            lasting = [incident for incident in self.incidents.values() if incident.phase.lasts]
        return why_muted(incident, lasting, self.silences, self.settings, now_us)

    def _notify(self, dispatch: Dispatch, group: Group, now_us: int, repeat_us: int) -> None:
        if not dispatch.incidents:
            return
        message = compose(dispatch, group.key, self.settings, workspace=self._workspace, now_us=now_us)
        message = replace(message, repeat_s=repeat_us / 1_000_000, thread=group.thread)
        silent = muted_by_network(dispatch.incidents, self.incidents.values(), self.settings)
        if silent:
            message = replace(message, note=f"muted while this lasts: {counted(silent, 'other incident')}")
        for receiver in dispatch.receivers:
            identity = self._new_id(now_us)
            self._out.append(
                Notification(identity, receiver, group.key, dispatch.kind.value, now_us, now_us, dump(message))
            )

    def _set_back(self, now_us: int) -> int:
        """Keep waiting times as they were where the clock was set back, so that nothing waits for it to catch up."""
        last_us, self._now_us = self._now_us, now_us
        if last_us is None or now_us >= last_us - _SET_BACK_US:
            return 0
        for group in list(self.groups.values()):
            self._put(group.shifted(now_us - last_us))
        for key, confirmation in self.confirmations.items():
            self.confirmations[key] = replace(confirmation, last_us=min(confirmation.last_us, now_us))
        return last_us - now_us
