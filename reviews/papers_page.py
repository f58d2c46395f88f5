"""The papers of one model as its pages and reports show them: what is asked for, how each stands, and what was brought so far."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from evaluations.models import Subject
from frameworks.models import FrameworkVersion
from reviews import paper_rules
from reviews.facts import Facts
from reviews.models import Paper

ACCEPTED = "accepted"
HOW = {
    paper_rules.MISSING: "nobody has supplied it",
    paper_rules.OUTDATED: "what was supplied speaks of other weights or of an earlier finding",
    paper_rules.SUPPLIED: "supplied; the votes on a release accept it",
    ACCEPTED: "accepted with a release in force",
}
REPORTED = "supplied; it is reported and shuts nothing"


@dataclass(frozen=True)
class PaperLine:
    """One paper the framework asks of this model: `missing`, `outdated`, `supplied` or `accepted`. `gates`: without it nothing goes out."""

    threshold: str
    threshold_title: str
    artefact: str
    title: str
    gates: bool
    state: str
    paper: Paper | None

    @property
    def key(self) -> str:
        return f"{self.threshold}/{self.artefact}"

    @property
    def how(self) -> str:
        return REPORTED if self.state == paper_rules.SUPPLIED and not self.gates else HOW[self.state]

    @property
    def lacking(self) -> bool:
        return self.state in (paper_rules.MISSING, paper_rules.OUTDATED)


def paper_lines(facts: Facts) -> list[PaperLine]:
    """What is asked for now, for the weights at stake."""
    weights = facts.at_stake
    rows = {str(each.pk): each for each in facts.papers}
    return [_line(each, facts, rows) for each in facts.paper_lines(weights.weights_digest if weights else "")]


def _line(line: paper_rules.Line, facts: Facts, rows: dict[str, Paper]) -> PaperLine:
    brought = line.supplied
    accepted = line.state == paper_rules.SUPPLIED and brought is not None and brought.id in facts.accepted_papers
    return PaperLine(
        threshold=line.asked.threshold,
        threshold_title=facts.document.threshold_title(line.asked.threshold),
        artefact=line.asked.artefact,
        title=line.asked.title,
        gates=line.asked.gates,
        state=ACCEPTED if accepted else line.state,
        paper=rows.get(brought.id) if brought else None,
    )


def every_paper(facts: Facts) -> Iterator[tuple[str, str]]:
    """Everything the framework may ever ask for, and what an earlier version goes on asking for, as a form offers it."""
    document = facts.document
    own = {f"{each.slug}/{one.slug}": f"{each.title}: {one.title}" for each in document.thresholds for one in each.artefacts}
    yield from own.items()
    for asked in facts.earlier_papers:
        if "/".join(asked.key) not in own:
            yield "/".join(asked.key), f"{document.threshold_title(asked.threshold)}: {asked.title} (of an earlier version)"


@dataclass(frozen=True)
class PaperHistory:
    """One paper that was brought, and whether it still stands."""

    paper: Paper
    threshold_title: str
    state: str


def brought_so_far(subject: Subject, version: FrameworkVersion, facts: Facts, at: datetime) -> Sequence[PaperHistory]:
    rows = Paper.objects.filter(subject=subject, framework_name=version.name, supplied_at__lte=at)
    titles = {each.slug: each.title for each in facts.document.thresholds}
    return [
        PaperHistory(each, titles.get(each.threshold, each.threshold), _kept(each))
        for each in rows.select_related("supplied_by", "snapshot", "blob")
    ]


def _kept(paper: Paper) -> str:
    return "withdrawn" if paper.withdrawn_at else "replaced" if paper.replaced_at else "kept"
