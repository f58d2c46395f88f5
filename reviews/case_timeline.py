"""What happened in a case, one event each: revisions, votes, declarations, recusals, comments, the applicability statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from people.models import Person
from reviews.models import ApplicabilityStatement, CaseRevision, Comment, Question, Recusal, Vote
from reviews.policies import words_for

PAST = {"approve": "approved", "reject": "rejected", "request_changes": "asked for changes", "abstain": "abstained"}
TONES = {"approve": "calm", "reject": "danger", "request_changes": "caution"}
MARKS = {"approve": "tick", "reject": "cross"}


@dataclass(frozen=True)
class Happening:
    """One event of the case, in time."""

    at: datetime
    icon: str
    who: Person | None
    act: str
    text: str = ""
    tone: str = ""
    hazard: bool = False
    changes: Sequence[Mapping[str, Any]] = ()


def of_revision(revision: CaseRevision) -> Happening:
    act = "opened this case" if revision.number == 1 else "revised what this case asks"
    return Happening(revision.made_at, "history", revision.made_by, act, revision.reason, changes=revision.changes)


def of_vote(vote: Vote, title: str, *, cleared: bool) -> Happening:
    act = f"{PAST[vote.choice]} on “{title}”"
    why = words_for(vote.rationale, hazard=vote.hazard, cleared=cleared)
    return Happening(vote.at, MARKS.get(vote.choice, "speech"), vote.person, act, why, TONES.get(vote.choice, "quiet"), hazard=vote.hazard)


def of_declaration(question: Question, title: str, outcome: str, *, cleared: bool) -> Happening:
    """For a question that was decided."""
    assert question.decided_at is not None
    act = f"declared “{title}”: {outcome}"
    note = words_for(question.declaration_note, hazard=question.declaration_hazard, cleared=cleared)
    return Happening(question.decided_at, "stamp", question.decided_by, act, note, hazard=question.declaration_hazard)


def of_recusal(recusal: Recusal) -> Happening:
    return Happening(recusal.at, "cross", recusal.person, "stood aside from this case", recusal.reason, "quiet")


def of_comment(comment: Comment, *, cleared: bool) -> Happening:
    """What a comment says, or that it is withheld from who is not cleared for it."""
    text = words_for(comment.text, hazard=comment.hazard, cleared=cleared)
    return Happening(comment.at, "speech", comment.person, "wrote", text, hazard=comment.hazard)


def of_statement(statement: ApplicabilityStatement) -> Happening:
    return Happening(statement.stated_at, "seal", statement.person, "stated which sign-offs apply", statement.rationale)
