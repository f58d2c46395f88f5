"""What a case asks: to be opened, to be voted on, to be decided."""

from collections.abc import Iterable, Iterator, Sequence

from django import forms

from evaluations.models import Snapshot
from frameworks.engine.types import FrameworkDocument
from people.forms import CONFIRMING
from reviews.forms.fields import SigningForm, holds_hazard, in_words
from reviews.models.case import CaseKind
from reviews.models.question import Choice
from reviews.rules import EARLIER_BASELINE, is_watched


class VoteForm(SigningForm):
    choice = forms.ChoiceField(label="Your vote", widget=forms.RadioSelect)
    rationale = in_words(marked=True)
    hazard = holds_hazard()
    field_order = ("choice", "rationale", "hazard", *CONFIRMING, "seen_digest")

    def __init__(self, *args: object, effects: Iterable[tuple[str, str]], **kwargs: object) -> None:
        """`effects`: each choice with what it does, in the words of the question."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = list(effects)
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]
        self.choices = {value for value, _ in choices} & set(Choice.values)


class DeclareForm(SigningForm):
    # The verdict the sheet named: votes may meet another side's quorum between showing and signing.
    verdict = forms.CharField(widget=forms.HiddenInput, max_length=40)
    note = in_words("Note to the decision", "What the board weighed, dissent included. It stands in the decision.", marked=True)
    hazard = holds_hazard()
    field_order = ("note", "hazard", *CONFIRMING, "seen_digest", "verdict")


class SnapshotField(forms.ModelChoiceField):
    """A snapshot of any model, told with the model it belongs to."""

    def label_from_instance(self, obj: Snapshot) -> str:
        return f"{obj.subject.name}, {obj.label}"


class ProposalForm(forms.Form):
    verdict = forms.ChoiceField(label="Proposal", widget=forms.RadioSelect)
    covered_by = SnapshotField(
        label="Covered by",
        queryset=Snapshot.objects.none(),
        required=False,
        help_text="Only for coverage: the comprehensively assessed snapshot that bounds this one.",
    )
    note = in_words("Why this proposal", "Votes on the earlier proposal are outdated by it; their owners are told.")

    def __init__(self, *args: object, verdicts: Iterable[tuple[str, str]], snapshots: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["verdict"].choices = list(verdicts)  # type: ignore[attr-defined]
        self.fields["covered_by"].queryset = snapshots  # type: ignore[attr-defined]


class CommentForm(forms.Form):
    text = forms.CharField(label="Comment", widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000)
    hazard = forms.BooleanField(
        label="Holds hazardous detail",
        required=False,
        help_text="Then only cleared people read it, and it never leaves the portal.",
    )


def _askable(document: FrameworkDocument) -> Iterator[tuple[str, str]]:
    """Every threshold, and what is only watched where people judge it."""
    for each in document.thresholds:
        if each.kind == "threshold":
            yield each.slug, each.title
        elif is_watched(each):
            yield each.slug, f"{each.title} ({each.kind}: the board's judgement, requires no tier)"


class OpenCaseForm(forms.Form):
    """Cases opened by hand; elevations and lapses are opened by what the engine finds."""

    BY_HAND = (CaseKind.CLEARANCE, CaseKind.PRECAUTION, CaseKind.LOWERING, CaseKind.REAPPROVAL)
    kind = forms.ChoiceField(
        label="Kind",
        choices=[
            (CaseKind.CLEARANCE, "Clearance case: nothing rose, the board says so"),
            (CaseKind.PRECAUTION, "Precaution: treat a threshold as crossed whatever the findings say"),
            (CaseKind.LOWERING, "Lowering: take back what was decided strictly"),
            (CaseKind.REAPPROVAL, "Re-approval: decisions near their end, a release to another scope, or going on after a halt"),
        ],
        widget=forms.RadioSelect,
    )
    snapshot = forms.ModelChoiceField(
        label="Snapshot", queryset=Snapshot.objects.none(), required=False, empty_label="No particular snapshot"
    )
    thresholds = forms.MultipleChoiceField(
        label="Thresholds",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="For a precaution or a lowering: which thresholds it asks about. A clearance case asks about all that are unanswered, and about what is only watched if you name it here.",
    )
    release_to = forms.ChoiceField(
        label="Release to",
        required=False,
        help_text="For a re-approval: the scope the snapshot shall go to, another one or again after a halt. Empty: every safeguard is asked anew.",
    )
    reason = in_words("Reason", "What makes the board look now.")

    def __init__(
        self, *args: object, document: FrameworkDocument, snapshots: object, earlier: Sequence[str] = (), **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["release_to"].choices = [("", "No release"), *((scope, scope.replace("_", " ")) for scope in document.scopes)]  # type: ignore[attr-defined]
        left = [
            (slug, "The baseline of an earlier version" if slug == EARLIER_BASELINE else f"{slug}, of an earlier version")
            for slug in earlier
        ]
        self.fields["thresholds"].choices = [*_askable(document), *left]  # type: ignore[attr-defined]
        self.fields["snapshot"].queryset = snapshots  # type: ignore[attr-defined]


class AskReleaseForm(forms.Form):
    snapshot = forms.ModelChoiceField(label="Snapshot", queryset=Snapshot.objects.none(), empty_label=None)
    scope = forms.ChoiceField(label="Scope")

    def __init__(self, *args: object, document: FrameworkDocument, snapshots: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["snapshot"].queryset = snapshots  # type: ignore[attr-defined]
        self.fields["scope"].choices = [(scope, scope.replace("_", " ")) for scope in document.scopes]  # type: ignore[attr-defined]
