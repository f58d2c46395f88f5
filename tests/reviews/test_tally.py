"""Counting votes: tables of who said what, and properties that hold whatever they say."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.rules import OPPOSITE, is_strict
from reviews.tally import Ballot, Member, Quorum, Seat, Tally, join_quorums, quorum_from_json, quorum_to_json, tally

REVIEWER = frozenset({"reviewer"})
BEN = Member("ben", REVIEWER, frozenset({"biology"}))
CHLOE = Member("chloe", REVIEWER, frozenset({"security"}))
MIA = Member("mia", REVIEWER, frozenset({"security", "external"}))
DAN = Member("dan", frozenset({"chair"}))
HANA = Member("hana", frozenset({"auditor", "reviewer"}))
ROSTER = [BEN, CHLOE, MIA, DAN, HANA]
TWO = Quorum(2)


def count(proposal: str, *ballots: Ballot, quorum: Quorum = TWO, **more: object) -> Tally:
    told = {"roster": ROSTER, "approve_quorum": quorum, "reject_quorum": quorum} | more
    return tally(proposal=proposal, ballots=ballots, **told)  # type: ignore[arg-type]


def said(person: str, choice: str, proposal: str, current: bool = True) -> Ballot:
    return Ballot(person, choice, proposal, current)


def test_two_approvals_meet_a_quorum_of_two_and_one_does_not() -> None:
    one = count("treated_as_crossed", said("ben", "approve", "treated_as_crossed"))
    both = count("treated_as_crossed", said("ben", "approve", "treated_as_crossed"), said("chloe", "approve", "treated_as_crossed"))
    assert (one.state, both.state) == ("open", "approvable")
    assert [(line.code, line.have, line.need, line.who) for line in one.missing] == [("approvals", 1, 2, ("chloe", "mia"))]


def test_enough_heads_without_the_competence_are_no_quorum() -> None:
    quorum = Quorum(1, (Seat(1, competence="security"),))
    without = count("adequate", said("ben", "approve", "adequate"), quorum=quorum)
    with_it = count("adequate", said("chloe", "approve", "adequate"), quorum=quorum)
    assert (without.state, with_it.state) == ("open", "approvable")
    assert without.missing[0].who == ("chloe", "mia")


def test_one_person_fills_one_seat() -> None:
    quorum = Quorum(1, (Seat(1, competence="security"), Seat(1, competence="external")))
    alone = count("release", said("mia", "approve", "release"), quorum=quorum)
    together = count("release", said("mia", "approve", "release"), said("chloe", "approve", "release"), quorum=quorum)
    assert (alone.state, together.state) == ("open", "approvable")


@pytest.mark.parametrize("person", ["dan", "hana", "eve"])
def test_chair_auditor_and_stranger_count_for_nothing(person: str) -> None:
    with_them = count("release", said("ben", "approve", "release"), said(person, "approve", "release"))
    assert with_them.approve.supporters == ("ben",)
    assert person not in with_them.can_vote


def test_a_strict_verdict_is_blocked_by_nobody_and_keeps_its_dissent() -> None:
    proposal = "treated_as_crossed"
    found = count(proposal, said("ben", "approve", proposal), said("chloe", "approve", proposal), said("mia", "reject", proposal))
    assert found.state == "approvable" and found.reject.supporters == ("mia",)


@pytest.mark.parametrize("choice", ["reject", "request_changes"])
def test_a_lenient_verdict_is_blocked_by_one_strict_vote(choice: str) -> None:
    for_it = [said("ben", "approve", "release"), said("chloe", "approve", "release")]
    assert count("release", *for_it, said("mia", "abstain", "release")).state == "approvable"
    blocked = count("release", *for_it, said("mia", choice, "release"))
    assert blocked.state == "blocked" and blocked.blocking == ("mia",)


def test_an_outdated_approval_counts_no_more_and_an_outdated_objection_goes_on_blocking() -> None:
    outdated = said("ben", "approve", "release", current=False)
    assert count("release", outdated, said("chloe", "approve", "release")).approve.supporters == ("chloe",)
    objection = said("mia", "reject", "release", current=False)
    blocked = count("release", said("ben", "approve", "release"), said("chloe", "approve", "release"), objection)
    assert blocked.state == "blocked" and blocked.outdated == ("mia",)


def test_a_vote_for_a_strict_proposal_blocks_the_lenient_one_that_follows_it() -> None:
    """Mia said "treat as crossed"; the chair now proposes "not crossed". Her outdated vote still stands against it."""
    mia = said("mia", "approve", "treated_as_crossed", current=False)
    found = count("not_crossed", said("ben", "approve", "not_crossed"), said("chloe", "approve", "not_crossed"), mia)
    assert found.state == "blocked"


def test_rejecting_an_elevation_by_quorum_says_not_crossed() -> None:
    proposal = "treated_as_crossed"
    found = count(proposal, said("ben", "reject", proposal), said("chloe", "reject", proposal))
    assert found.state == "rejectable" and found.reject.verdict == "not_crossed"


def test_who_is_excluded_counts_for_no_side_and_the_reason_is_kept() -> None:
    found = count("release", said("ben", "approve", "release"), excluded={"ben": "conflict"})
    assert (found.state, found.approve.supporters, found.excluded) == ("open", (), {"ben": "conflict"})


def test_a_conflict_of_interest_silences_no_objection() -> None:
    """Otherwise whoever wants a release would make the objector the owner of something."""
    for_it = [said("ben", "approve", "release"), said("chloe", "approve", "release")]
    found = count("release", *for_it, said("mia", "reject", "release"), excluded={"mia": "conflict"})
    assert (found.state, found.blocking, found.reject.supporters) == ("blocked", ("mia",), ())


def test_a_policy_that_asks_for_nobody_still_needs_one_person() -> None:
    assert count("release", quorum=Quorum(0)).state == "open"
    assert count("release", said("ben", "approve", "release"), quorum=Quorum(0)).state == "approvable"


def test_all_abstaining_decides_nothing() -> None:
    assert count("release", *(said(person, "abstain", "release") for person in ("ben", "chloe", "mia"))).state == "open"


def test_joined_policies_ask_for_the_most_of_each() -> None:
    joined = join_quorums(
        [Quorum(2, (Seat(1, competence="security"),)), Quorum(3, (Seat(2, competence="security"), Seat(1, role="executive")), True)]
    )
    assert (joined.approvals, joined.chair_votes) == (3, False)
    assert set(joined.seats) == {Seat(2, competence="security"), Seat(1, role="executive")}
    assert quorum_from_json(quorum_to_json(joined)) == joined
    with pytest.raises(ValueError, match="No policy"):
        join_quorums([])


PEOPLE = ["ben", "chloe", "mia"]
PROPOSALS = sorted(OPPOSITE)
BALLOTS = st.dictionaries(
    st.sampled_from(PEOPLE), st.tuples(st.sampled_from(["approve", "reject", "request_changes", "abstain"]), st.booleans())
)
QUORUMS = st.builds(
    Quorum,
    st.integers(0, 3),
    st.lists(st.builds(Seat, st.integers(1, 2), competence=st.sampled_from(["security", "external", "biology"])), max_size=2).map(tuple),
)


def cast(proposal: str, ballots: dict[str, tuple[str, bool]]) -> list[Ballot]:
    return [Ballot(person, choice, proposal, current) for person, (choice, current) in ballots.items()]


def lenient_met(found: Tally) -> bool:
    return any(side.met for side in (found.approve, found.reject) if not side.strict)


@given(st.sampled_from(PROPOSALS), BALLOTS, QUORUMS, st.sampled_from(PEOPLE), st.booleans())
def test_a_strict_vote_never_opens_anything(proposal: str, ballots: dict, quorum: Quorum, person: str, current: bool) -> None:
    others = {who: what for who, what in ballots.items() if who != person}
    strict = "approve" if is_strict(proposal) else "reject"
    before = count(proposal, *cast(proposal, others), quorum=quorum)
    after = count(proposal, *cast(proposal, others | {person: (strict, current)}), quorum=quorum)
    assert not lenient_met(after) or lenient_met(before)
    assert not lenient_met(after)


@given(st.sampled_from(PROPOSALS), BALLOTS, QUORUMS, st.integers())
def test_the_order_of_votes_and_members_never_matters(proposal: str, ballots: dict, quorum: Quorum, seed: int) -> None:
    votes, roster = cast(proposal, ballots), list(ROSTER)
    before = count(proposal, *votes, quorum=quorum)
    random.Random(seed).shuffle(votes)
    random.Random(seed + 1).shuffle(roster)
    assert count(proposal, *votes, quorum=quorum, roster=roster) == before


@given(st.sampled_from(PROPOSALS), BALLOTS, QUORUMS)
def test_outdating_a_vote_never_opens_anything(proposal: str, ballots: dict, quorum: Quorum) -> None:
    current = {who: (choice, True) for who, (choice, _) in ballots.items()}
    outdated = {who: (choice, False) for who, (choice, _) in ballots.items()}
    assert not lenient_met(count(proposal, *cast(proposal, outdated), quorum=quorum))
    assert (
        count(proposal, *cast(proposal, outdated), quorum=quorum).blocking
        == count(proposal, *cast(proposal, current), quorum=quorum).blocking
    )


@given(st.sampled_from(PROPOSALS), BALLOTS, QUORUMS)
def test_never_are_both_sides_met(proposal: str, ballots: dict, quorum: Quorum) -> None:
    found = count(proposal, *cast(proposal, ballots), quorum=quorum)
    assert not (found.approve.met and found.reject.met)
