"""Who may bring, confirm and set aside evidence. The button on the page and the server ask the same function."""

from __future__ import annotations

from frameworks.policies import may_sign_evidence
from people.models import Person
from people.policies import Allowed, Refused
from people.queries import Actor
from people.words import Role

UPLOADERS = frozenset({Role.RESEARCHER, Role.CHAIR})
CONFIRMERS = frozenset({Role.REVIEWER, Role.CHAIR})
ATTESTERS = CONFIRMERS | {Role.OUTSIDE_EVALUATOR}
SEES_EVERY_SUBJECT = frozenset(Role) - {Role.OUTSIDE_EVALUATOR}


def may_upload(actor: Actor) -> Allowed | Refused:
    """Researchers and the chair bring results; an outside evaluator for the dossier that is open to them, which the door to the subject knows."""
    if actor.roles & (UPLOADERS | {Role.OUTSIDE_EVALUATOR}):
        return Allowed()
    return Refused(
        "not-an-uploader",
        "Evaluations are uploaded by researchers and the chair.",
        "Ask a researcher to upload the file, or an administrator and the chair for the role.",
    )


def may_register(actor: Actor) -> Allowed | Refused:
    """Subjects, snapshots, bindings and announced runs are entered by those who run evaluations."""
    if actor.roles & UPLOADERS:
        return Allowed()
    return Refused("not-a-registrar", "Subjects, snapshots and bindings are entered by researchers and the chair.", "Ask one of them.")


def may_confirm(actor: Actor, *, entered_by: Person) -> Allowed | Refused:
    """Four eyes: what one person entered, a reviewer or the chair who is another person confirms."""
    if not actor.roles & CONFIRMERS:
        return Refused("not-a-confirmer", "A reviewer or the chair confirms this.", "Ask one of them to look at it.")
    if actor.person.pk == entered_by.pk:
        return Refused("own-entry", "You entered this yourself, so somebody else confirms it.", "Ask another reviewer or the chair.")
    return Allowed()


def may_propose_correction(actor: Actor) -> Allowed | Refused:
    """That a file was sent under the wrong weights is said by whoever brings or confirms results; alone it moves nothing."""
    if actor.roles & (UPLOADERS | CONFIRMERS):
        return Allowed()
    return Refused(
        "not-a-corrector", "Researchers, reviewers and the chair say that a file was sent under the wrong weights.", "Tell one of them."
    )


def may_set_aside(actor: Actor, *, uploader: Person) -> Allowed | Refused:
    """A result leaves the evidence by the signature of a reviewer or the chair who did not bring it."""
    if not actor.roles & CONFIRMERS:
        return Refused("not-a-confirmer", "A reviewer or the chair takes a result out of the evidence.", "Ask one of them to look at it.")
    if actor.person.pk == uploader.pk:
        return Refused(
            "own-result", "You brought this result yourself, so somebody else takes it out.", "Ask another reviewer or the chair."
        )
    return Allowed()


def may_answer_for_evidence(actor: Actor) -> Allowed | Refused:
    """What stands behind every button of `may_confirm` and `may_set_aside`: the second factor, where a framework in force asks for one.

    Asked once a page, and only of those who could have such a button.
    """
    return may_sign_evidence(actor) if actor.roles & ATTESTERS else Allowed()


def may_attest(actor: Actor, *, uploader: Person) -> Allowed | Refused:
    """Who did not send a file and judges or evaluates signs which weights it measured; an outside evaluator for the dossier open to them."""
    if not actor.roles & ATTESTERS:
        return Refused("not-an-attester", "Reviewers, the chair and outside evaluators attest what a file measured.", "Ask one of them.")
    if actor.person.pk == uploader.pk:
        return Refused("own-result", "You sent this file yourself, so somebody else attests it.", "Ask another reviewer or the chair.")
    return Allowed()


def may_open_dossier(actor: Actor) -> Allowed | Refused:
    if Role.CHAIR in actor.roles:
        return Allowed()
    return Refused("not-the-chair", "The chair opens a dossier to an outside evaluator.", "Ask the chair.")


def may_see_raw_bytes(actor: Actor) -> Allowed | Refused:
    """A raw log may hold transcripts: it goes to people cleared for hazardous detail, and to nobody else."""
    if actor.cleared:
        return Allowed()
    return Refused(
        "not-cleared",
        "The raw file may hold transcripts, which are shown to people cleared for hazardous detail.",
        "Ask the chair and an administrator for the clearance.",
    )


def may_retry(actor: Actor, *, uploader: Person) -> Allowed | Refused:
    if actor.person.pk == uploader.pk or actor.roles & {Role.ADMINISTRATOR, Role.CHAIR}:
        return Allowed()
    return Refused(
        "not-yours", "The person who uploaded the file, an administrator or the chair asks to read it again.", "Ask one of them."
    )
