"""Every state that pages show: its word, its mark and its tone. A code nobody registered is shown as it is, as unknown, never as fine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    word: str
    mark: str
    tone: str
    short: str = ""

    @property
    def brief(self) -> str:
        return self.short or self.word


STATES: dict[str, dict[str, State]] = {
    "finding": {
        "ruled_out": State("Ruled out", "disc", "calm"),
        "cannot_rule_out": State("Cannot rule out", "half", "caution"),
        "ruled_in": State("Ruled in", "triangle", "danger"),
        "not_assessed": State("Not assessed", "ring", "absent"),
        "stale": State("Not assessed", "clock", "absent", "Stale"),
    },
    "determination": {
        "not_crossed": State("Not crossed", "disc", "calm"),
        "treated_as_crossed": State("Treated as crossed", "half", "caution"),
        "crossed": State("Crossed", "triangle", "danger"),
        "lapsed": State("Lapsed", "clock", "absent"),
        "reopened": State("Reopened", "history", "caution"),
        "none": State("No determination", "ring", "absent"),
    },
    "gate": {
        "open": State("Open", "open-ring", "calm"),
        "shut": State("Shut", "bar", "danger"),
        "halted": State("Halted", "square", "danger"),
        "allow": State("Allowed", "open-ring", "calm"),
        "deny": State("Denied", "bar", "danger"),
        "observe": State("Observed only", "dashed", "caution"),
        "enforce": State("Enforced", "lock", "plain"),
    },
    "vote": {
        "approve": State("Approve", "tick", "plain"),
        "reject": State("Reject", "cross", "plain"),
        "request_changes": State("Request changes", "return", "plain"),
        "abstain": State("Abstain", "dash", "quiet"),
        "recused": State("Recused", "slash", "quiet"),
        "outdated": State("Outdated", "history", "quiet"),
        "none": State("Has not voted", "ring", "quiet"),
    },
    "requirement": {
        "met": State("Met", "tick-ring", "calm"),
        "waiting": State("Waiting", "ring", "plain"),
        "blocked": State("Blocks", "cross-ring", "danger"),
        "not_yet": State("Not yet possible", "dashed", "quiet"),
        "unknown": State("Unknown", "question", "absent"),
        "undefined": State("Not defined", "dashed", "absent"),
    },
    "safeguard": {
        "signed": State("Signed", "stamp", "calm"),
        "expiring": State("Signed, expires soon", "clock", "caution"),
        "expired": State("Expired", "clock", "danger"),
        "unsigned": State("Not signed", "ring", "absent"),
        "not_built": State("Not registered", "dashed", "absent"),
        "in_review": State("In review", "dot-ring", "plain"),
        "refused": State("Refused", "cross-ring", "danger"),
        "revoked": State("Revoked", "slash", "danger"),
        "outdated": State("Outdated", "history", "caution"),
        "reworded": State("Signed for an earlier wording", "history", "caution"),
        "excepted": State("Exception", "warning", "caution"),
    },
    "paper": {
        "missing": State("Missing", "ring", "danger"),
        "outdated": State("Outdated", "history", "caution"),
        "supplied": State("Supplied", "page", "plain"),
        "accepted": State("Accepted", "stamp", "calm"),
    },
    "upload": {
        "received": State("Received", "tray", "plain"),
        "parsing": State("Reading", "turning", "plain"),
        "parsed": State("Read", "page", "calm"),
        "rejected": State("Refused", "cross-ring", "danger"),
        "dead": State("Stopped", "square", "danger"),
    },
    "delivery": {
        "waiting": State("Waiting", "tray", "plain"),
        "working": State("On its way", "turning", "plain"),
        "done": State("Taken", "tick-ring", "calm"),
        "dead": State("Given up", "square", "danger"),
        "live": State("Live", "open-ring", "calm"),
        "stopped": State("Stopped", "bar", "quiet"),
    },
    "work": {
        "failing": State("Fails, tried again", "history", "caution"),
        "stuck": State("Nobody takes it", "clock", "danger"),
        "dead": State("Given up", "square", "danger"),
    },
    "verdict": {
        "accept": State("Accepted", "tick-ring", "calm"),
        "accept-with-warning": State("Accepted with warnings", "warning", "caution"),
        "store-not-scored": State("Kept, not scored", "ring", "absent"),
        "reject": State("Refused", "cross-ring", "danger"),
    },
    "warning": {
        "info": State("For information", "page", "quiet"),
        "holds": State("Cannot rule out by this", "warning", "caution"),
    },
    "case": {
        "open": State("Open", "dot-ring", "plain"),
        "in_review": State("In review", "dot-ring", "plain"),
        "decided": State("Decided", "stamp", "plain"),
        "closed": State("Closed", "tick-ring", "quiet"),
        "withdrawn": State("Withdrawn", "slash", "quiet"),
        "reopened": State("Reopened", "history", "caution"),
        "overdue": State("Overdue", "clock", "danger"),
        "approved": State("Approved", "tick", "plain"),
        "rejected": State("Rejected", "cross", "plain"),
    },
    "framework": {
        "draft": State("Draft", "pen", "quiet"),
        "adopted": State("In force", "seal", "plain"),
        "superseded": State("Superseded", "history", "quiet"),
    },
    "indicator": {
        "active": State("Active", "dot-ring", "plain"),
        "saturated": State("Saturated", "half", "caution"),
        "retired": State("Retired", "slash", "quiet"),
        "information": State("Reported only", "ring", "quiet"),
    },
    "grade": {
        "attested": State("Attested", "stamp", "calm"),
        "confirmed": State("Confirmed", "tick-ring", "calm"),
        "declared": State("Declared only", "ring", "absent"),
    },
    "kind": {
        "threshold": State("Threshold", "triangle", "plain"),
        "checkpoint": State("Checkpoint", "seal", "plain"),
        "alert": State("Alert", "warning", "plain"),
        "watch-list": State("Watch-list", "ring", "plain"),
    },
    "announced": {
        "waiting": State("Not arrived: blocks", "clock", "caution"),
        "incomplete": State("Arrived incomplete: blocks", "warning", "caution"),
        "arrived": State("Arrived", "tick-ring", "calm"),
        "signed_away": State("Signed away", "slash", "quiet"),
    },
    "deployment": {
        "running": State("In service, authorised", "open-ring", "plain"),
        "unauthorised": State("In service, not authorised", "warning", "danger", "Not authorised"),
        "observed": State("In service, observed", "dashed", "caution", "Observed"),
        "ended": State("Ended", "slash", "quiet"),
    },
    "ledger": {
        "sound": State("Verified", "seal", "calm"),
        "broken": State("Does not verify", "cross-ring", "danger"),
        "unverified": State("Not verified yet", "question", "absent"),
    },
    "grant": {
        "active": State("In force", "tick-ring", "plain"),
        "proposed": State("Awaits confirmation", "dashed", "caution"),
        "ended": State("Ended", "slash", "quiet"),
        "expired": State("Expired", "clock", "quiet"),
        "revoked": State("Revoked", "slash", "quiet"),
    },
}


def state(family: str, code: str) -> State:
    """The state of that name; an unknown one keeps its code as its word and looks like absent evidence."""
    found = STATES.get(family, {}).get(code)
    return found or State(str(code).replace("_", " ").capitalize() or "Unknown", "question", "absent")
