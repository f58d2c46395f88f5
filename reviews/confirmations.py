"""What one person entered and another has to confirm or answer for, as it waits on somebody."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils.text import capfirst

from evaluations.disputes import disputes_not_of, undisputed
from evaluations.models import Arms, Binding, Correction, Snapshot, Supersession, Upload, UploadState
from frameworks.queries import in_force_versions
from people.policies import may_keep_membership
from people.queries import Actor, links_waiting, waiting_for_a_second_person
from people.words import Role
from reviews import policies
from reviews.clocks import ANSWERED_BY
from reviews.models import Adoption, BoardSeat, ClockTurn
from reviews.motions import motions_for, title_of
from reviews.turns import Waiting

CONFIRMERS = frozenset({Role.REVIEWER, Role.CHAIR})
# The words of the receipt, which offers the same beside an attestation.
VOUCHED = "Confirm: you vouch for the weights and for the elicitation that was declared. From then on its results can rule out."


def confirmations_for(actor: Actor, at: datetime) -> Iterator[Waiting]:
    """Everything that this person may be the second one for. A number of queries that does not grow with what waits."""
    if actor.roles & {role for roles in ANSWERED_BY.values() for role in roles}:
        yield from _clocks(actor)
    if Role.REVIEWER in actor.roles:
        yield from _motions(actor, at)
    if policies.may_confirm_adoption(actor):
        yield from _adoptions(actor)
    if policies.may_found_board(actor):
        yield from _seats(actor)
    if actor.roles & CONFIRMERS:
        yield from _evidence(actor)
        yield from _refused(actor)
        yield from _disputed(actor)
        yield from _corrections(actor)
    if may_keep_membership(actor):
        yield from _grants(actor)
        yield from _links(actor)


def _adoptions(actor: Actor) -> Iterator[Waiting]:
    # One of another name waits for nobody while a framework is in force: it would be refused.
    in_force = in_force_versions()
    beside = Q(Exists(in_force), ~Exists(in_force.filter(name=OuterRef("version__name"))))
    for adoption in Adoption.objects.filter(~beside, confirmed_at=None).exclude(proposed_by=actor.person).select_related("version"):
        title = adoption.version.document.title
        yield Waiting("confirm_adoption", title, "It was proposed for adoption.", None, f"framework:{adoption.version_id}")


def _clocks(actor: Actor) -> Iterator[Waiting]:
    """What the framework wants done again by a day, on whoever answers it."""
    wanted = [effect for effect, roles in ANSWERED_BY.items() if actor.roles & set(roles)]
    titles = {(version.name, clock.slug): clock.title for version in in_force_versions() for clock in version.document.clocks}
    for turn in ClockTurn.objects.filter(answered_at=None, effect__in=wanted).select_related("subject").order_by("due_at", "id"):
        title = titles.get((turn.framework_name, turn.clock), turn.clock)
        slug = turn.subject.slug if turn.subject else ""
        yield Waiting(
            "clock_due",
            f"{turn.subject.name}: {title}" if turn.subject else title,
            "A clock of the framework.",
            turn.due_at,
            f"clockturn:{turn.pk}",
            slug=slug,
        )


def _motions(actor: Actor, at: datetime) -> Iterator[Waiting]:
    for motion in motions_for(actor.person.pk, at):
        title, why = f"{capfirst(title_of(motion))}, {motion.subject.name}", f"{motion.get_kind_display()}: a motion waits for votes."
        yield Waiting("vote_on_motion", title, why, None, f"motion:{motion.pk}", slug=motion.subject.slug)


def _seats(actor: Actor) -> Iterator[Waiting]:
    seats = BoardSeat.objects.filter(confirmed_at=None, left_at=None).exclude(proposed_by=actor.person).exclude(person=actor.person)
    for seat in seats.select_related("person", "board"):
        title = f"{seat.person.name} on {seat.board.name}"
        yield Waiting("confirm_seat", title, "The seat was proposed.", None, f"seat:{seat.pk}", slug=seat.board.slug)


def _evidence(actor: Actor) -> Iterator[Waiting]:
    for snapshot in Snapshot.objects.filter(confirmed_seq=None).exclude(registered_by=actor.person).select_related("subject"):
        title, why = f"{snapshot.subject.name}, {snapshot.label}", "Its weights digest needs a second person."
        yield Waiting("confirm_snapshot", title, why, None, f"snapshot:{snapshot.pk}", slug=snapshot.subject.slug)
    # Until a second person says that it measured this snapshot, a result can raise and never rule out.
    read = Upload.objects.filter(state=UploadState.PARSED, countersigned_seq=None, snapshot__isnull=False)
    for upload in undisputed(read).exclude(uploader=actor.person).select_related("subject"):
        title = f"{upload.filename}, {upload.subject.name}"
        yield Waiting("confirm_weights_and_elicitation", title, VOUCHED, None, f"upload:{upload.pk}")
    for kind, title, why, thing in _told_by_one(actor):
        yield Waiting(kind, title, why, None, thing)


def _told_by_one(actor: Actor) -> Iterator[tuple[str, str, str, str]]:
    """Bindings, and arms of trials, that one person told and nobody confirmed. One query."""
    bindings = Binding.objects.filter(confirmed_seq=None).exclude(proposed_by=actor.person).order_by()
    settled = Arms.objects.filter(measurement=OuterRef("measurement"), confirmed_seq__isnull=False)
    arms = Arms.objects.filter(~Exists(settled), confirmed_seq=None).exclude(proposed_by=actor.person).order_by()
    arms = arms.exclude(measurement__run__upload__uploader=actor.person)
    rows = bindings.values_list(Value("binding"), F("pk"), F("task"), F("metric"), F("indicator"), F("pk")).union(
        arms.values_list(
            Value("arms"),
            F("pk"),
            F("measurement__run__task"),
            F("measurement__metric"),
            F("measurement__run__subject__name"),
            F("measurement__run"),
        )
    )
    for noun, pk, task, metric, about, run in sorted(rows, key=str):
        if noun == "binding":
            yield "confirm_binding", f"{task} {metric} → {about}", "The binding needs a second person.", f"binding:{pk}"
        else:
            yield "confirm_arms", f"{task} {metric}, {about}", "The arms of the trial need a second person.", f"run:{run}"


def _refused(actor: Actor) -> Iterator[Waiting]:
    """A file that was refused shuts the gate until somebody who did not send it answers for it."""
    answered = Supersession.objects.filter(upload=OuterRef("pk"))
    rows = Upload.objects.filter(~Exists(answered), state=UploadState.REJECTED).exclude(uploader=actor.person)
    for upload in rows.select_related("subject").order_by("received_seq", "id"):
        title, why = f"{upload.filename}, {upload.subject.name}", "It was refused, and keeps the gate shut until somebody answers for it."
        yield Waiting("set_aside_upload", title, why, None, f"upload:{upload.pk}")


def _disputed(actor: Actor) -> Iterator[Waiting]:
    """A run that was told in two ways rules nothing out until somebody who sent neither sets one telling aside."""
    for run in disputes_not_of(actor.person).select_related("upload__subject", "twin_of__subject").order_by("reading__seq", "id"):
        title, why = f"{run.upload.filename}, {run.upload.subject.name}", "The same run was told in two ways: set one of them aside."
        if run.claimed_elsewhere and run.twin_of is not None:
            why = f"The same run was sent for {run.twin_of.subject.name} before, and speaks for neither until this telling is set aside."
        yield Waiting("settle_run_told_twice", title, why, None, f"run:{run.pk}")


def _corrections(actor: Actor) -> Iterator[Waiting]:
    """A file that was sent under the wrong weights counts for the right ones once a second person, who did not send it, has signed."""
    rows = Correction.objects.filter(signature=None).exclude(proposed_by=actor.person).exclude(upload__uploader=actor.person)
    for each in rows.select_related("upload__subject", "snapshot").order_by("proposed_seq", "id"):
        title = f"{each.upload.filename}, {each.upload.subject.name}: it measured {each.snapshot.label}"
        why = "It was sent under other weights; the correction needs a second signature."
        yield Waiting("sign_correction", title, why, None, f"upload:{each.upload_id}")


def _grants(actor: Actor) -> Iterator[Waiting]:
    me = actor.person.pk
    for line in waiting_for_a_second_person():
        proposer = line.grant.granted_by_id if line.state == "waiting" else line.grant.end_proposed_by_id
        if me in (proposer, line.grant.person_id):
            continue
        why = f"{'A' if line.state == 'waiting' else 'The end of a'} {line.kind} was proposed."
        yield Waiting("confirm_grant", f"{line.grant.person.name}: {line.grant}", why, None, f"person:{line.grant.person_id}")


def _links(actor: Actor) -> Iterator[Waiting]:
    me = actor.person.pk
    for link in links_waiting():
        if link.digest is None and me not in (link.made_by_id, link.user.person_id):
            title, why = f"Sign-in link for {link.user.person.name}", "A new way into the account was asked for."
            yield Waiting("confirm_link", title, why, None, f"person:{link.user.person_id}")
