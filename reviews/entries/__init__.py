"""What we tell the ledger about the board's work. Ids, digests, words and dates only: no name and no prose ever stands in an entry.

One file a noun; a verb says `entries.vote_cast`.
"""

from reviews.entries.boards import (
    adoption_confirmed,
    adoption_fields,
    adoption_proposed,
    board_founded,
    seat_confirmed,
    seat_fields,
    seat_left,
    seat_proposed,
)
from reviews.entries.cases import (
    case_closed,
    case_commented,
    case_opened,
    case_revised,
    question_proposed,
    recusal_declared,
    vote_cast,
    vote_fields,
)
from reviews.entries.clocks import clock_answered, clock_begun
from reviews.entries.decisions import (
    decision_ended,
    decision_fields,
    determination_contradicted,
    determination_fields,
    determination_kept,
    determination_sustained,
    release_decided,
    release_fields,
    safeguards_decided,
    safeguards_fields,
    threshold_determined,
)
from reviews.entries.gate import gate_answered, incident_found, scope_changed, scope_halted
from reviews.entries.imports import imported_fields, record_attested, record_seconded
from reviews.entries.motions import motion_ended, motion_fields, motion_proposed, motion_settled, motion_vote_fields, motion_voted
from reviews.entries.papers import paper_fields, paper_supplied, paper_withdrawn
from reviews.entries.reports import REPORT_MADE, export_requested, report_made, table_exported
from reviews.entries.safeguards import (
    applicability_fields,
    applicability_stated,
    evidence_attached,
    evidence_withdrawn,
    given_fields,
    implementation_changed,
    implementation_registered,
    implementation_retired,
    signoff_fields,
    signoff_given,
    signoff_revoked,
    wording_signed,
)
from reviews.entries.telling import (
    delivery_resent,
    notices_chosen,
    outlet_added,
    outlet_rotated,
    outlet_stopped,
    outlet_tested,
    work_retried,
)
