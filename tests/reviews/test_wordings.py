"""A sign-off is for the safeguard as the framework worded it. A later version that says something else of it under the same slug takes the sign-off out of force,
and one that says the same leaves it."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.urls import reverse

from evaluations.replay import Replayed
from ledger import rows
from ledger.misfits import DoesNotFit
from ledger.refusals import NotNow
from ledger.services import verify
from reviews import gate
from reviews.facts import collect_one
from reviews.models import Notice, SafeguardImplementation, SafeguardsDecision, SignOff
from reviews.replay import replay_gate
from reviews.services.signoffs import ImplementationChanged, NoEvidence, revoke_signoff
from reviews.waiting import waiting_on
from tests.makers import adopt_framework, client_of
from tests.reviews.conftest import FRAMEWORK, Board
from tests.reviews.test_attack_rows import behind_the_triggers

SLUG = "asl-2-security-1"
_WORDS = b"slug: asl-2-security-1, tier: asl-2, axis: security, title: ASL-2 security 1, statement: It is in place., showing: That it is., "
_WORDS += b"evidence_types: [document], validity_days: 365"
NEXT = FRAMEWORK.replace(b"revision: 1", b"revision: 2")


def asking(old: bytes, new: bytes, source: bytes = NEXT) -> bytes:
    """The next version, which says this of one safeguard."""
    assert _WORDS in source and old in _WORDS
    return source.replace(_WORDS, _WORDS.replace(old, new))


MORE = {
    "statement": asking(b"It is in place.", b"It is in place and was attacked."),
    "what must be shown": asking(b"That it is.", b"That it withstood."),
    "kinds of evidence": asking(b"[document]", b"[document, red-team]"),
    "validity": asking(b"365", b"90"),
}
REWORDED = MORE["statement"]


def adopt(board: Board, source: bytes) -> None:
    board.version = adopt_framework(board.cast, source, at=board.now())


@pytest.mark.parametrize("source", MORE.values(), ids=MORE)
def test_a_version_that_says_more_of_a_safeguard_shuts_the_gate_and_says_what_to_do(open_board: Board, source: bytes) -> None:
    assert open_board.ask().allowed
    adopt(open_board, source)
    [reason] = [each for each in open_board.ask().reasons if each["code"] == "signoff_of_earlier_wording"]
    assert (reason["about"], reason["who"]) == (SLUG, ["reviewer"]) and "anew" in reason["what_to_do"]
    assert open_board.facts.signed == {**dict.fromkeys(open_board.facts.signed, "in_force"), SLUG: "earlier_wording"}


def test_a_version_that_says_the_same_keeps_every_sign_off(open_board: Board) -> None:
    adopt(open_board, NEXT)
    open_board.work()
    assert set(open_board.facts.signed.values()) == {"in_force"}
    assert not {"signoff_of_earlier_wording", "no_applicability", "safeguards_not_adequate"} & set(open_board.ask().codes)
    assert SafeguardsDecision.objects.filter(ended_at=None).count() == 2


def test_what_leaned_on_it_lapses_and_the_board_is_asked_anew(open_board: Board) -> None:
    adopt(open_board, REWORDED)
    assert "no_applicability" in open_board.ask().codes
    open_board.work()
    assert {each.axis: each.ended_why for each in SafeguardsDecision.objects.all()}["security"] == "leaned_on_lapsed"
    assert open_board.case.kind == "re_approval" and "safeguards_not_adequate" in open_board.ask().codes


def test_the_gate_is_shut_before_anybody_has_followed_the_adoption_and_its_answer_replays(open_board: Board) -> None:
    adopt(open_board, REWORDED)
    told = {"artefact": open_board.snapshot.weights_digest, "scope": "external", "actor": open_board.cast.farid}
    answered = gate.authorise_at(**told, at=open_board.now())
    assert not answered.allowed
    assert "signoff_of_earlier_wording" in [reason["code"] for reason in answered.reasons]
    assert list(replay_gate(open_board.subject, Replayed())) == []


def test_the_same_reviewer_signs_anew_for_the_new_wording(open_board: Board) -> None:
    adopt(open_board, REWORDED)
    open_board.work()
    built = SafeguardImplementation.objects.get(safeguard=SLUG)
    before = SignOff.objects.get(implementation=built)
    assert not before.holds(open_board.now(), open_board.version) and before.stands(open_board.now())
    again = open_board.sign_off(open_board.cast.chloe, built)
    assert again.holds(open_board.now(), open_board.version) and again.wording_digest != before.wording_digest
    assert open_board.facts.signed[SLUG] == "in_force"
    assert rows.check()


def test_a_wording_that_returns_finds_the_sign_off_it_was_given(open_board: Board) -> None:
    """Laxer words in between do not count under the words asked before and after them."""
    signed = SignOff.objects.get(implementation__safeguard=SLUG)
    adopt(open_board, REWORDED)
    assert not signed.holds(open_board.now(), open_board.version)
    adopt(open_board, FRAMEWORK.replace(b"revision: 1", b"revision: 3"))
    assert signed.holds(open_board.now(), open_board.version)


def test_what_was_shown_before_the_words_changed_is_not_signed(open_board: Board) -> None:
    built = SafeguardImplementation.objects.get(safeguard=SLUG)
    seen = open_board.version.wordings[SLUG]
    adopt(open_board, REWORDED)
    with pytest.raises(ImplementationChanged):
        open_board.sign_off(open_board.cast.chloe, built, seen_wording=seen)
    assert open_board.sign_off(open_board.cast.chloe, built, seen_wording=open_board.version.wordings[SLUG])


def test_who_could_sign_it_its_owner_and_its_signer_are_told(open_board: Board) -> None:
    adopt(open_board, NEXT)
    open_board.work()
    assert not Notice.objects.filter(kind="signoff_reworded").exists()
    adopt(open_board, asking(b"It is in place.", b"It is in place and was attacked.", FRAMEWORK.replace(b"revision: 1", b"revision: 3")))
    open_board.work()
    told = Notice.objects.filter(channel="inbox", data__safeguard=SLUG, withdrawn_at=None)
    chloe, farid = open_board.cast.chloe, open_board.cast.farid
    assert {each.person for each in told.filter(kind="signoff_reworded")} == {chloe, farid}
    assert {each.person for each in told.filter(kind="signoff_wanted")} == {chloe}
    [turn] = [each for each in waiting_on(chloe, open_board.now()) if each.kind == "sign_off"]
    assert "earlier wording" in turn.why
    open_board.sign_off(chloe, SafeguardImplementation.objects.get(safeguard=SLUG))
    open_board.work()
    assert not told.exists()


def test_the_pages_say_that_it_is_signed_for_an_earlier_wording(open_board: Board) -> None:
    adopt(open_board, REWORDED)
    open_board.work()
    pages = client_of(open_board.cast.ben)
    built = SafeguardImplementation.objects.get(safeguard=SLUG)
    for address in (reverse("reviews:safeguard-list"), reverse("reviews:safeguard-detail", args=[built.pk])):
        assert "Signed for an earlier wording" in pages.get(address).content.decode(), address


def test_a_sign_off_for_an_earlier_wording_is_revoked_like_any_other(open_board: Board) -> None:
    signed = SignOff.objects.get(implementation__safeguard=SLUG)
    adopt(open_board, REWORDED)
    revoke_signoff(signoff=signed, reason="The report was forged.", actor=open_board.cast.ben, at=open_board.now())
    adopt(open_board, FRAMEWORK.replace(b"revision: 1", b"revision: 3"))
    assert open_board.facts.signed[SLUG] == "expired"


def test_a_case_that_goes_on_under_the_earlier_version_lets_nothing_out_on_its_words(open_board: Board) -> None:
    """It was opened before, keeps its roster and its policy, and counts what was signed for the words of its own version; the gate asks for those in force."""
    case = open_board.open_case("re_approval", release_to="external")
    question = open_board.question("release", scope="external")
    adopt(open_board, REWORDED)
    for person in (open_board.cast.ben, open_board.cast.chloe):
        with suppress(NotNow):
            open_board.vote(person, question)
    with suppress(NotNow):
        open_board.decide(question)
    open_board.work()
    case.refresh_from_db()
    assert case.framework_version.revision == 1
    assert {"signoff_of_earlier_wording", "safeguards_not_adequate"} <= set(open_board.ask().codes)


def test_what_was_shown_for_the_earlier_wording_does_not_show_what_the_new_one_asks_for(open_board: Board) -> None:
    """The version takes red-team reports by now, and all there is is a document."""
    adopt(open_board, asking(b"[document]", b"[red-team]"))
    built = SafeguardImplementation.objects.get(safeguard=SLUG)
    with pytest.raises(NoEvidence):
        open_board.sign_off(open_board.cast.chloe, built)
    open_board.attach(built, b"It withstood.", evidence_type="red-team", hazard=False)
    assert open_board.sign_off(open_board.cast.chloe, built)


def test_a_look_back_judges_by_the_wording_of_the_version_asked_about(open_board: Board) -> None:
    first, then = open_board.version, open_board.now()
    adopt(open_board, REWORDED)
    now = open_board.now()
    assert collect_one(open_board.subject, first, then, back=True).signed[SLUG] == "in_force"
    assert collect_one(open_board.subject, open_board.version, now, back=True).signed[SLUG] == "earlier_wording"


@pytest.mark.past_the_verbs
def test_another_wording_written_behind_the_verbs_does_not_stand_in_the_log(open_board: Board) -> None:
    adopt(open_board, REWORDED)
    rows.check()
    behind_the_triggers(
        "UPDATE reviews_signoff SET wording_digest = %s WHERE id = %s",
        open_board.version.wordings[SLUG],
        SignOff.objects.get(implementation__safeguard=SLUG).pk,
    )
    with pytest.raises(DoesNotFit):
        rows.check()


def test_signing_anew_once_it_has_run_out_leaves_the_record_whole(open_board: Board) -> None:
    signed = SignOff.objects.get(implementation__safeguard=SLUG)
    open_board.moment = signed.expires_at + timedelta(days=1)
    open_board.sign_off(open_board.cast.chloe, SafeguardImplementation.objects.get(safeguard=SLUG))
    assert rows.check()
    verify()
