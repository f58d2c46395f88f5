"""The tables of the board's work. One file a noun; services alone write them."""

from reviews.models.adoption import Adoption
from reviews.models.badge import BadgeAddress
from reviews.models.board import Board, BoardSeat
from reviews.models.case import Case, CaseRevision, Comment, Recusal
from reviews.models.clock import ClockTurn
from reviews.models.determination import Determination, ReleaseDecision, SafeguardsDecision
from reviews.models.gate_answer import GateAnswer, ScopeState
from reviews.models.imported import ImportedRecord
from reviews.models.incident import Incident
from reviews.models.motion import Motion, MotionVote
from reviews.models.notice import Export, Notice
from reviews.models.outlet import Delivery, Outlet
from reviews.models.paper import Paper
from reviews.models.past import PastState
from reviews.models.preference import DigestTime, NoticePreference
from reviews.models.question import Question, Vote
from reviews.models.signoff import ApplicabilityLine, ApplicabilityStatement, ImplementationEvidence, SafeguardImplementation, SignOff
