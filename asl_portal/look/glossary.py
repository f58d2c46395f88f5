"""The portal's words, each explained once. `{% term "tier" %}` says it where the question arises; /glossary/ lists them all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    slug: str
    word: str
    meaning: str
    see: tuple[str, ...] = ()


TERMS = (
    Term(
        "framework",
        "Framework",
        "A lab's published policy: which capabilities it watches for, and which safeguards it promises when one can no longer be ruled out.",
        ("framework-version",),
    ),
    Term(
        "framework-version",
        "Framework version",
        "One dated version of a framework, kept unchanged under its digest. Decisions name the version they were taken under.",
        ("framework",),
    ),
    Term("domain", "Risk domain", "A field of harm that thresholds belong to: biology and chemistry, AI research, cyber, autonomy."),
    Term(
        "axis",
        "Axis",
        "Deployment (how a model is used) or security (how its weights are kept). A threshold asks for a tier on each axis apart.",
        ("tier",),
    ),
    Term(
        "tier",
        "Tier",
        "A standard on one axis, such as ASL-3: a named set of safeguards. A tier that is named but not defined yet keeps the gate shut.",
        ("axis", "safeguard"),
    ),
    Term(
        "asl",
        "ASL",
        "AI Safety Level: the name of Anthropic's tiers. ASL-2 is the baseline of every model; ASL-3 and up follow from a threshold.",
        ("tier", "axis"),
    ),
    Term(
        "cbrn",
        "CBRN",
        "Chemical, biological, radiological and nuclear weapons: the risk domain whose thresholds ask whether a model helps to make them.",
        ("domain", "threshold"),
    ),
    Term(
        "may-only-raise",
        "May only raise",
        "Said of a result that can make a finding worse and never better: late, stale, partial or point-only evidence, and what comes from a parent.",
        ("finding", "stale"),
    ),
    Term(
        "clearance",
        "Clearance of a person",
        "What lets somebody read hazardous detail. A case of the kind clearance is another thing: the board saying that nothing rose.",
        ("case-kind",),
    ),
    Term(
        "required",
        "Required",
        "The tier a model needs on each axis now. Findings raise it at once; only a signed decision lowers it.",
        ("in-force",),
    ),
    Term("in-force", "In force", "The tier whose safeguards the board has found adequate for this model.", ("required",)),
    Term(
        "provisional",
        "Provisional",
        "Raised by a finding and holding already, on the strict side, until the board has decided.",
        ("required",),
    ),
    Term(
        "safeguard",
        "Safeguard",
        "One criterion of a tier, signed off by itself, with evidence and a date until which the sign-off holds.",
        ("sign-off", "safeguard-implementation"),
    ),
    Term(
        "safeguard-implementation",
        "As built",
        "A safeguard as it exists in one place, with a version of its own. Sign-offs are about this, never about what a model can do.",
        ("safeguard",),
    ),
    Term(
        "threshold",
        "Capability threshold",
        "A capability that must be ruled out. While it is not, the model needs the tiers the threshold asks for.",
        ("finding", "indicator"),
    ),
    Term(
        "threshold-kind",
        "Kind of threshold",
        "A threshold shuts the gate and asks for tiers. A checkpoint, an alert and a watch-list are reported and do neither.",
        ("threshold", "gate"),
    ),
    Term(
        "required-paper",
        "Required paper",
        "What a threshold that counts against a model asks for besides tiers, such as an affirmative case. The board accepts it with the release.",
        ("threshold", "gate"),
    ),
    Term(
        "indicator",
        "Indicator",
        "An evaluation registered before its results count: what is measured, how many items at least, and the line that rules out.",
        ("line", "binding"),
    ),
    Term(
        "line",
        "Line",
        "The value the bound of the interval, not the estimate, has to stay clear of for an indicator to rule out.",
        ("interval",),
    ),
    Term(
        "interval",
        "Interval",
        "The range the result supports. Each end by itself is one-sided 95 %, both together central 90 %; the end on the side of concern decides. Shown ends are rounded outwards.",
        ("line",),
    ),
    Term(
        "elicitation",
        "Elicitation",
        "How hard the model was pushed to show the capability. Below the indicator's floor a result rules nothing out.",
    ),
    Term(
        "binding",
        "Binding",
        "Which results measure which indicator; proposed by one person, confirmed by another, before results arrive.",
        ("indicator",),
    ),
    Term(
        "stale",
        "Stale",
        "Evidence past its age, or from before the model grew. It rules nothing out any more; what was concerning stays concerning.",
        ("finding",),
    ),
    Term(
        "point-only",
        "Point only",
        "A result without an interval. It rules out only where its indicator registered, beforehand, the extra margin it then needs.",
        ("interval",),
    ),
    Term(
        "lineage",
        "Lineage",
        "What a model was made from: a checkpoint, a fine-tune, a distillation. It needs at least the tiers its parent needs.",
        ("subject",),
    ),
    Term("subject", "Model", "An AI model the frameworks are applied to, with its lineage and its snapshots.", ("snapshot",)),
    Term(
        "snapshot",
        "Snapshot",
        "One set of weights of a model, known by the digest of its bytes. Results count for the weights they were measured on.",
        ("artefact",),
    ),
    Term(
        "artefact",
        "Artefact",
        "The weights that would go out, named by their digest. The gate answers about these and no others.",
        ("gate",),
    ),
    Term("upload", "Upload", "A result file as it was received, kept unchanged for ever under its digest.", ("run",)),
    Term("run", "Run", "One evaluation run found in an upload. The same run sent twice counts once.", ("measurement",)),
    Term(
        "measurement",
        "Measurement",
        "One figure of a run: value, standard error, number of samples, and its place in the file.",
        ("indicator",),
    ),
    Term(
        "finding",
        "Finding",
        "What the evidence says of one threshold: ruled out, not assessed, cannot rule out, ruled in. It is computed; nobody edits it.",
        ("determination", "assessment"),
    ),
    Term(
        "assessment",
        "Assessment",
        "All findings for a model as of one moment, with the digests of what went in. A newer one supersedes it.",
        ("finding",),
    ),
    Term(
        "determination",
        "Determination",
        "What people decided about a threshold, by signed votes: not crossed, treated as crossed, or crossed. It never changes a finding.",
        ("finding", "vote"),
    ),
    Term(
        "coverage",
        "Coverage",
        "A decision that a comprehensively assessed snapshot bounds this one, for one threshold and a time. It is never a finding.",
        ("determination",),
    ),
    Term(
        "case",
        "Case",
        "The board's work on separate questions: is the threshold crossed, are the safeguards adequate, may this go out.",
        ("quorum", "vote"),
    ),
    Term(
        "case-kind",
        "Kind of case",
        "Elevation: a finding rose. Lapse: evidence ran out. Clearance case: nothing rose. Precaution: by hand, whatever was found. Lowering: taking a decision back.",
        ("case",),
    ),
    Term(
        "recusal",
        "Standing aside",
        "Leaving a case to others for a conflict of interest: no vote, no credit to a quorum. Votes cast are struck and stay readable.",
        ("case", "quorum"),
    ),
    Term(
        "sign-off",
        "Sign-off",
        "A person's signed statement that a safeguard, as built, does what its tier asks; it holds until a date.",
        ("safeguard",),
    ),
    Term(
        "declaration",
        "Declaration",
        "The chair's signed word on what the board decided, once a quorum is met. It counts as no vote and carries every vote.",
        ("quorum", "dissent"),
    ),
    Term("dissent", "Dissent", "A vote on the other side of what was decided. It stands in the decision, the same size.", ("vote",)),
    Term(
        "judgement",
        "Judgement",
        "What only people can say about a threshold. Declaring its question records it; assessments read it until it runs out.",
        ("determination",),
    ),
    Term(
        "serving-stack",
        "Serving stack",
        "The system that serves the weights: its filters, limits and monitors. It is known by the digest of its release.",
        ("applicability", "gate"),
    ),
    Term(
        "applicability",
        "Applicability statement",
        "A signed statement which sign-offs in force cover this snapshot and scope, and which safeguards are exceptions.",
        ("sign-off",),
    ),
    Term(
        "vote",
        "Vote",
        "A signed answer to one question of a case, bound to exactly what the voter saw. When that changes, the vote is outdated.",
        ("quorum",),
    ),
    Term(
        "motion",
        "Motion",
        "What the chair puts to the board outside a case, in its own words and bound to its content: carried by a quorum, or not.",
        ("vote", "quorum"),
    ),
    Term("quorum", "Quorum", "How many approvals, and of whom, a decision needs. It is pinned when the case opens.", ("vote",)),
    Term(
        "gate",
        "Gate",
        "The answer whether an artefact may go to a scope. Whatever has not been shown to be settled is denied, with the reason.",
        ("artefact", "scope"),
    ),
    Term(
        "gate-state",
        "Open, shut, halted",
        "Open: nothing stands against it. Shut: something does, and says what. Halted: one person stopped it, and only the board goes on.",
        ("gate", "scope"),
    ),
    Term("scope", "Scope", "To whom something goes out: internal, trusted users, external. Each is open, shut or halted.", ("gate",)),
    Term(
        "ledger",
        "Ledger",
        "The record beneath everything: entries are only ever added, and a seal over all of them shows any change.",
        ("checkpoint",),
    ),
    Term(
        "checkpoint",
        "Checkpoint",
        "A signed note of the ledger's size and root. Kept elsewhere, it shows later whether history was rewritten.",
        ("ledger",),
    ),
    Term("digest", "Digest", "The SHA-256 fingerprint of some bytes: equal digests mean equal bytes."),
)
BY_SLUG = {term.slug: term for term in TERMS}
