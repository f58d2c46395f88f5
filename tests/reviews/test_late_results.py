"""Results that came before their indicator or its binding: they may raise, and rule out only once the board admitted them by name."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evaluations.models import Admission, Measurement
from evaluations.services import uploads
from ledger.models import Entry
from ledger.refusals import NotAllowed, NotNow
from ledger.sentences import sentence
from ledger.services import verify
from people.models import Person
from reviews import named_sets
from reviews.models import NamedSet, NamedSetVote
from reviews.services.named_sets import AlreadyAsked, SetChanged, SetNotValid, propose, vote
from reviews.waiting import waiting_on
from tests.evaluations.logs import log
from tests.makers import PASSWORD, confirmed, make_binding
from tests.reviews.conftest import Board, add_reviewer


def bring_late(board: Board, right: int = 2) -> Measurement:
    """A result that is read and countersigned, and whose binding is confirmed only then."""
    upload = board.send(log("bio_extra", right=right, n=40, run=f"late-{right}"))
    uploads.countersign(upload=upload, actor=board.cast.ben, at=board.now())
    board.work()
    make_binding(board.cast, "bio-protocols", "bio_extra", at=board.now())
    board.work()
    return Measurement.objects.get(run__upload=upload, metric="accuracy")


def name_set(board: Board, *measurements: Measurement, actor: Person | None = None, **more: Any) -> NamedSet:
    person, at = actor or board.cast.dan, board.now()
    told = {"subject": board.subject, "framework_version": board.version, "indicator": "bio-protocols", "reason": "The task was fixed."}
    return propose(
        **told | {"measurements": measurements} | more, actor=person, user=person.user, confirmation=confirmed(person, at), at=at
    )


def answer(board: Board, asked: NamedSet, person: Person, choice: str = "approve", **more: Any) -> NamedSet:
    at = board.now()
    told = {"rationale": "I read the log.", "seen_digest": asked.content_digest} | more
    return vote(named_set=asked, choice=choice, actor=person, user=person.user, confirmation=confirmed(person, at), at=at, **told)


def test_a_late_result_rules_out_once_a_quorum_admitted_it_by_name_and_not_before(board: Board) -> None:
    late = bring_late(board)
    assert board.facts.outcomes["bio-3"] == "not_assessed"
    [found] = named_sets.late_results(board.facts)
    assert [each.measurement for each in found.results] == [late] and "only after the result arrived" in found.results[0].why
    asked = name_set(board, late)
    answer(board, asked, board.cast.ben)
    board.work()
    assert not Admission.objects.exists() and board.facts.outcomes["bio-3"] == "not_assessed"
    settled = answer(board, asked, board.cast.chloe)
    assert settled.admitted and Admission.objects.get().decision == asked.pk
    board.work()
    assert board.facts.outcomes["bio-3"] == "ruled_out" and named_sets.late_results(board.facts) == []
    kinds = list(Entry.objects.filter(thing=f"namedset:{asked.pk}").order_by("seq").values_list("kind", flat=True))
    assert kinds == ["reviews:named-set:proposed", "reviews:named-set:voted", "reviews:named-set:voted", "reviews:named-set:settled"]


def test_one_objection_keeps_it_out_and_two_settle_that(board: Board) -> None:
    mia = add_reviewer(board, "Mia")
    late = bring_late(board)
    asked = name_set(board, late)
    answer(board, asked, mia, "reject")
    assert answer(board, asked, board.cast.ben).settled_at is None
    assert answer(board, asked, board.cast.chloe).settled_at is None
    settled = answer(board, asked, board.cast.ben, "reject")
    assert settled.settled_at is not None and not settled.admitted and not Admission.objects.exists()
    with pytest.raises(NotNow, match="settled"):
        answer(board, asked, board.cast.chloe)


def test_who_may_name_and_who_may_vote(board: Board) -> None:
    late = bring_late(board)
    for other in (board.cast.ben, board.cast.ada, board.cast.grace):
        with pytest.raises(NotAllowed):
            name_set(board, late, actor=other)
    asked = name_set(board, late)
    for other in (board.cast.dan, board.cast.ada, board.cast.grace, board.cast.hana):
        with pytest.raises(NotAllowed):
            answer(board, asked, other)
    with pytest.raises(SetChanged):
        answer(board, asked, board.cast.ben, seen_digest="sha256:" + "0" * 64)
    answer(board, asked, board.cast.ben)


def test_a_reviewer_who_brought_evidence_about_the_model_leaves_it_to_others(board: Board) -> None:
    from_ben = bring_late(board)
    from_ben.run.upload.uploader = board.cast.chloe
    from_ben.run.upload.save(update_fields=["uploader"])
    asked = name_set(board, from_ben)
    with pytest.raises(NotAllowed, match="brought evidence"):
        answer(board, asked, board.cast.chloe)
    assert "vote_on_late_results" not in {each.kind for each in waiting_on(board.cast.chloe, board.now())}


def test_only_what_came_too_late_is_named_and_one_set_at_a_time(board: Board) -> None:
    late = bring_late(board)
    board.measure("bio_protocols")
    early = Measurement.objects.get(run__task="bio_protocols", metric="accuracy")
    for several in ([], [early], [late, early]):
        with pytest.raises(SetNotValid):
            name_set(board, *several)
    name_set(board, late)
    with pytest.raises(AlreadyAsked):
        name_set(board, late)


def test_it_waits_on_reviewers_until_they_answered_and_its_entries_read_as_sentences(board: Board) -> None:
    asked = name_set(board, bring_late(board))
    [waiting] = [each for each in waiting_on(board.cast.ben, board.now()) if each.kind == "vote_on_late_results"]
    assert waiting.title == "Protocols, Heron" and waiting.slug == "heron"
    assert "vote_on_late_results" not in {each.kind for each in waiting_on(board.cast.dan, board.now())}
    answer(board, asked, board.cast.ben)
    assert "vote_on_late_results" not in {each.kind for each in waiting_on(board.cast.ben, board.now())}
    proposed = Entry.objects.get(kind="reviews:named-set:proposed")
    assert sentence(proposed) == "Dan put late results of model Heron for bio-protocols to the vote."


def test_the_pages_show_name_and_answer_a_set(board: Board) -> None:
    late = bring_late(board)
    chair, reviewer = Client(), Client()
    chair.force_login(board.cast.dan.user, backend="django.contrib.auth.backends.ModelBackend")
    reviewer.force_login(board.cast.ben.user, backend="django.contrib.auth.backends.ModelBackend")
    listed, sheet = reverse("reviews:late-results", args=["heron"]), reverse("reviews:named-set-new", args=["heron", "bio-protocols"])
    assert sheet in chair.get(listed).content.decode() and sheet not in reviewer.get(listed).content.decode()
    told = {"measurements": [str(late.pk)], "reason": "The task was fixed."}
    assert chair.post(sheet, told | {"password": "wrong"}).status_code == 422 and not NamedSet.objects.exists()
    assert chair.post(sheet, told | {"password": PASSWORD}).status_code == 302
    asked = NamedSet.objects.get()
    ballot = reverse("reviews:named-set-vote", args=[asked.pk])
    assert ballot in reviewer.get(listed).content.decode() and chair.get(ballot).status_code == 403
    assert asked.content_digest in reviewer.get(ballot).content.decode()
    told = {"choice": "approve", "rationale": "I read it.", "seen_digest": asked.content_digest, "password": PASSWORD}
    assert reviewer.post(ballot, told).status_code == 302 and asked.votes.get().person == board.cast.ben
    assert "Count them" in reviewer.get(listed).content.decode()


def test_there_is_nothing_to_put_to_the_vote_where_nothing_came_late(board: Board) -> None:
    chair = Client()
    chair.force_login(board.cast.dan.user, backend="django.contrib.auth.backends.ModelBackend")
    assert chair.get(reverse("reviews:named-set-new", args=["heron", "bio-protocols"])).status_code == 409


@pytest.mark.past_the_verbs
def test_the_reason_of_a_vote_is_what_was_signed(board: Board) -> None:
    asked = name_set(board, bring_late(board))
    answer(board, asked, board.cast.ben)
    assert verify().sound
    NamedSetVote.objects.update(rationale="Somebody else's words.")
    misfit = verify().misfit
    assert misfit is not None and (misfit.code, "another statement" in misfit.sentence) == ("row_unsound", True)
