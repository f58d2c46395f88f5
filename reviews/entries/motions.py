"""What the board is asked outside a case: late results and observed scopes."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.sentences import describe
from reviews.entries.writing import append_by, append_signed
from reviews.models import NamedSet, NamedSetVote, Observing, ObservingVote


def observing_proposed(observing: Observing, *, at: datetime) -> Entry:
    return append_signed("reviews:observing:proposed", _observing(observing), observing.proposed, at, observed_fields(observing))


def observing_voted(vote: ObservingVote, *, at: datetime) -> Entry:
    fields = observed_fields(vote.observing) | {"vote": vote.pk, "choice": vote.choice}
    return append_signed("reviews:observing:voted", _observing(vote.observing), vote.signature, at, fields)


def observing_settled(observing: Observing, *, at: datetime) -> Entry:
    return append_by(
        "reviews:observing:settled", _observing(observing), None, at, observed_fields(observing) | {"granted": observing.granted}
    )


def observing_ended(observing: Observing, *, at: datetime) -> Entry:
    return append_by("reviews:observing:ended", _observing(observing), None, at, observed_fields(observing))


def _observing(observing: Observing) -> str:
    return f"observing:{observing.pk}"


def observed_fields(observing: Observing) -> dict[str, Any]:
    return {
        "subject": observing.subject_id,
        "snapshot": observing.snapshot_id,
        "framework": observing.framework_version_id,
        "scope": observing.scope,
        "until": observing.until,
        "content": observing.content_digest,
    }


def named_set_proposed(asked: NamedSet, *, at: datetime) -> Entry:
    return append_signed("reviews:named-set:proposed", _set(asked), asked.proposed, at, named_set_fields(asked) | {"quorum": asked.quorum})


def named_set_voted(vote: NamedSetVote, *, at: datetime) -> Entry:
    fields = named_set_fields(vote.named_set) | {"vote": vote.pk, "choice": vote.choice}
    return append_signed("reviews:named-set:voted", _set(vote.named_set), vote.signature, at, fields)


def named_set_settled(asked: NamedSet, *, at: datetime) -> Entry:
    return append_by("reviews:named-set:settled", _set(asked), None, at, named_set_fields(asked) | {"admitted": asked.admitted})


def _set(asked: NamedSet) -> str:
    return f"namedset:{asked.pk}"


def named_set_fields(asked: NamedSet) -> dict[str, Any]:
    return {
        "subject": asked.subject_id,
        "framework": asked.framework_version_id,
        "indicator": asked.indicator,
        "indicator_digest": asked.indicator_digest,
        "measurements": asked.measurements,
        "content": asked.content_digest,
    }


describe("reviews:observing:proposed", "{actor} asked the board to let {scope} of {subject:subject} go on, observed, until {until:day}.")
describe("reviews:observing:voted", "{actor} voted {choice} on letting {scope} of {subject:subject} go on, observed.")
describe(
    "reviews:observing:settled", "The vote on observing {scope} of {subject:subject} is over: it may go on, {granted}, until {until:day}."
)
describe("reviews:observing:ended", "The scope {scope} of {subject:subject} is enforced again.")
describe("reviews:observing:refused", "{actor} tried to sign about observing a scope and was refused: {code}.")
describe("reviews:named-set:proposed", "{actor} put late results of {subject:subject} for {indicator} to the vote.")
describe("reviews:named-set:voted", "{actor} voted {choice} on late results of {subject:subject} for {indicator}.")
describe("reviews:named-set:settled", "The vote on late results of {subject:subject} for {indicator} is over: they count, {admitted}.")
describe("reviews:named-set:refused", "{actor} tried to sign about late results and was refused: {code}.")
