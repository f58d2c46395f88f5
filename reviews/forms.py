"""The forms of the board. They read what was typed; whether it may be done is asked of the verbs."""

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from evaluations.models import Measurement, Snapshot, Subject
from frameworks.engine.types import FrameworkDocument
from people.forms import CONFIRMING, ConfirmationForm
from reviews import places
from reviews.models.case import CaseKind
from reviews.models.outlet import Topic
from reviews.models.preference import ByMail
from reviews.models.question import Choice
from reviews.models.signoff import Meaning
from reviews.named_sets import LateOf
from reviews.notices.preferences import KIND_WORDS, OPTIONAL
from reviews.rules import EARLIER_BASELINE, is_watched

RATIONALE_HELP = "What you read and why it decides the question for you. It stands in the record beside your name."


def _rationale(label: str = "Rationale", help_text: str = RATIONALE_HELP) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 5}), max_length=10_000, help_text=help_text)


class AsOfForm(forms.Form):
    as_of = forms.DateField(label="As of", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def moment(self, now: datetime) -> datetime:
        """The end of that UTC day, never later than now; now where no day was given or none could be read."""
        day = self.cleaned_data.get("as_of") if self.is_valid() else None
        if day is None or day >= now.astimezone(UTC).date():
            return now
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)


class SigningForm(ConfirmationForm):
    """What every signature asks for: the digest of what was shown, and who signs, confirmed once more."""

    seen_digest = forms.CharField(widget=forms.HiddenInput, max_length=80)


class VoteForm(SigningForm):
    choice = forms.ChoiceField(label="Your vote", widget=forms.RadioSelect)
    rationale = _rationale()
    field_order = ("choice", "rationale", *CONFIRMING, "seen_digest")

    def __init__(self, *args: object, effects: Iterable[tuple[str, str]], **kwargs: object) -> None:
        """`effects`: each choice with what it does, in the words of the question."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = list(effects)
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]
        self.choices = {value for value, _ in choices} & set(Choice.values)


class DeclareForm(SigningForm):
    # The verdict the sheet named: votes may meet another side's quorum between showing and signing.
    verdict = forms.CharField(widget=forms.HiddenInput, max_length=40)
    note = _rationale("Note to the decision", "What the board weighed, dissent included. It stands in the decision.")
    field_order = ("note", *CONFIRMING, "seen_digest", "verdict")


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
    note = _rationale("Why this proposal", "Votes on the earlier proposal are outdated by it; their owners are told.")

    def __init__(self, *args: object, verdicts: Iterable[tuple[str, str]], snapshots: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["verdict"].choices = list(verdicts)  # type: ignore[attr-defined]
        self.fields["covered_by"].queryset = snapshots  # type: ignore[attr-defined]


class ImportForm(ConfirmationForm):
    """A decision from before the portal went live, as a document tells it."""

    threshold = forms.ChoiceField(label="Threshold")
    verdict = forms.ChoiceField(
        label="What was decided",
        choices=[("crossed", "Crossed"), ("treated_as_crossed", "Treated as crossed"), ("not_crossed", "Not crossed")],
    )
    true_at = forms.DateField(label="Decided on", widget=forms.DateInput(attrs={"type": "date"}))
    expires_at = forms.DateField(
        label="Holds until", widget=forms.DateInput(attrs={"type": "date"}), help_text="An imported record always has an end."
    )
    source_digest = forms.RegexField(
        r"^sha256:[0-9a-f]{64}$", label="Digest of the source", help_text="sha256: and 64 digits, of the document it stands in."
    )
    source_place = forms.CharField(label="Where it stands", max_length=500)
    note = _rationale("What you compared", "It stands in the record beside your name.")
    field_order = ("threshold", "verdict", "true_at", "expires_at", "source_digest", "source_place", "note", *CONFIRMING)

    def __init__(self, *args: Any, document: FrameworkDocument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gating = [(each.slug, each.title) for each in document.thresholds if each.kind == "threshold"]
        self.fields["threshold"].choices = gating  # type: ignore[attr-defined]


class ObservingForm(ConfirmationForm):
    """Which weights may go on in which scope until which day, and why."""

    snapshot = forms.ModelChoiceField(label="Weights", queryset=Snapshot.objects.none())
    scope = forms.ChoiceField(label="Scope")
    until = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    reason = _rationale("Why it may go on meanwhile", "It stands in the record, and on the model's page while it lasts.")
    field_order = ("snapshot", "scope", "until", "reason", *CONFIRMING)

    def __init__(self, *args: Any, snapshots: object, scopes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["snapshot"].queryset = snapshots  # type: ignore[attr-defined]
        self.fields["scope"].choices = [(scope, scope.replace("_", " ").capitalize()) for scope in scopes]  # type: ignore[attr-defined]


class ObservingVoteForm(SigningForm):
    choice = forms.ChoiceField(
        label="Your vote",
        widget=forms.RadioSelect,
        choices=[("approve", "Let it go on, observed, until that day"), ("reject", "Do not let it go on")],
    )
    rationale = _rationale()
    field_order = ("choice", "rationale", *CONFIRMING, "seen_digest")


class NamedSetForm(ConfirmationForm):
    """Which of the late results of one indicator shall count, and why."""

    measurements = forms.ModelMultipleChoiceField(label="Results", queryset=Measurement.objects.none(), widget=forms.CheckboxSelectMultiple)
    reason = _rationale("Why they may count although they came first", "It stands in the record with the set.")
    field_order = ("measurements", "reason", *CONFIRMING)

    def __init__(self, *args: Any, late: LateOf, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = {each.measurement.pk: each for each in late.results}
        field = cast("forms.ModelMultipleChoiceField", self.fields["measurements"])
        field.queryset = Measurement.objects.filter(pk__in=told).select_related("run")
        field.label_from_instance = lambda obj: f"{obj.run.task}, {obj}: {told[obj.pk].told}"  # type: ignore[method-assign]


class NamedSetVoteForm(SigningForm):
    choice = forms.ChoiceField(
        label="Your vote",
        widget=forms.RadioSelect,
        choices=[("approve", "Count them under this indicator"), ("reject", "Do not count them")],
    )
    rationale = _rationale()
    field_order = ("choice", "rationale", *CONFIRMING, "seen_digest")


class ReasonForm(forms.Form):
    reason = _rationale("Reason", "One or two sentences. They stand in the record.")


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
            (CaseKind.CLEARANCE, "Clearance: nothing rose, the board says so"),
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
        help_text="For a precaution or a lowering: which thresholds it asks about. A clearance asks about all that are unanswered, and about what is only watched if you name it here.",
    )
    release_to = forms.ChoiceField(
        label="Release to",
        required=False,
        help_text="For a re-approval: the scope the snapshot shall go to, another one or again after a halt. Empty: every safeguard is asked anew.",
    )
    reason = _rationale("Reason", "What makes the board look now.")

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


class ApplicabilityForm(SigningForm):
    scopes = forms.MultipleChoiceField(label="Scopes", widget=forms.CheckboxSelectMultiple)
    # Where it is served was chosen before, since that decides which sign-offs the page shows.
    stack = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)
    environment = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)
    stack_digest = forms.RegexField(
        label="Digest of the serving stack",
        regex=places.DIGEST,
        max_length=71,
        widget=forms.TextInput(attrs={"placeholder": "sha256:…", "class": "mono"}),
        help_text="The fingerprint of what serves the model: of its release manifest or image, just as it was reviewed. Whoever builds the stack prints it "
        "with each release (of an image <code>docker images --digests</code>, of a manifest <code>sha256sum</code>). The serving side names the same "
        "digest when it asks the gate, and the gate refuses any other.",
        error_messages={"invalid": "A digest is sha256: and 64 hexadecimal digits."},
    )
    rationale = _rationale("Why these sign-offs cover this model")
    field_order = ("scopes", "stack_digest", "rationale", *CONFIRMING, "stack", "environment", "seen_digest")

    def __init__(self, *args: object, document: FrameworkDocument, stack: str, **kwargs: object) -> None:
        """`stack`: the one chosen; without one there is no digest to ask for."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["scopes"].choices = [(scope, scope.replace("_", " ")) for scope in document.scopes]  # type: ignore[attr-defined]
        if not stack:
            del self.fields["stack_digest"]


class SiteForm(forms.Form):
    """Where the model is served, asked of the address: it decides which sign-offs cover it."""

    stack = forms.ChoiceField(label="Serving stack", required=False)
    environment = forms.ChoiceField(label="Environment", required=False)

    def __init__(self, *args: object, named: Mapping[str, Sequence[str]], **kwargs: object) -> None:
        """`named`: the stacks and environments in which something is signed off."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for place, names in named.items():
            self.fields[place].choices = [("", "not named"), *((name, name) for name in names)]  # type: ignore[attr-defined]


class ImplementationForm(forms.Form):
    safeguard = forms.ChoiceField(label="Safeguard")
    title = forms.CharField(label="Name", max_length=200, help_text="What people here call it, for example: input classifiers.")
    description = forms.CharField(label="How it is built", widget=forms.Textarea(attrs={"rows": 6}), max_length=20_000)
    subject = forms.ModelChoiceField(
        label="Model",
        queryset=Subject.objects.none(),
        required=False,
        empty_label="Serves every model",
        help_text="Only for a safeguard that belongs to one model.",
    )
    place_name = forms.CharField(
        label="Where", required=False, max_length=120, help_text="The environment or serving stack, where it is built for one."
    )

    def __init__(self, *args: object, document: FrameworkDocument, subjects: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["subject"].queryset = subjects  # type: ignore[attr-defined]
        groups: dict[str, list[tuple[str, str]]] = {}
        for each in document.safeguards:
            label = f"{document.tier(each.axis, each.tier).label} {each.axis}"
            groups.setdefault(label, []).append((each.slug, f"{each.title} ({each.slug})"))
        self.fields["safeguard"].choices = list(groups.items())  # type: ignore[attr-defined]


class ChangeForm(forms.Form):
    title = forms.CharField(label="Name", max_length=200)
    description = forms.CharField(label="How it is built now", widget=forms.Textarea(attrs={"rows": 6}), max_length=20_000)


class EvidenceForm(forms.Form):
    file = forms.FileField(label="File", max_length=255)
    evidence_type = forms.ChoiceField(label="What it is")
    note = forms.CharField(label="What it shows", required=False, max_length=2_000)
    hazard = forms.TypedChoiceField(
        label="Hazardous detail",
        required=False,
        choices=[("", "As its kind says: red-teaming and evaluations hold some"), ("yes", "It holds some"), ("no", "It holds none")],
        coerce=lambda said: said == "yes",
        empty_value=None,
        help_text="A file that holds hazardous detail goes to cleared people only, and so does what is written of it here.",
    )

    def __init__(self, *args: object, types: Iterable[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["evidence_type"].choices = [(each, each.replace("-", " ")) for each in types]  # type: ignore[attr-defined]


class ReportFileForm(forms.Form):
    report = forms.FileField(
        label="Report", help_text="PDF or JSON, as you were given it. Its digest is computed here; the file is not kept."
    )

    def clean_report(self) -> UploadedFile:
        given: UploadedFile = self.cleaned_data["report"]
        if (given.size or 0) > settings.UPLOAD_MAX_BYTES:
            raise ValidationError("This file is larger than any the portal takes.", code="too_large")
        return given


class PaperForm(forms.Form):
    """A paper that a threshold asks for: a file, or where it is kept with its digest."""

    asked = forms.ChoiceField(label="Paper")
    snapshot = forms.ModelChoiceField(label="Snapshot", queryset=Snapshot.objects.none(), empty_label=None)
    title = forms.CharField(
        label="Title", max_length=200, help_text="Everyone of the laboratory reads it: put no hazardous detail into it."
    )
    file = forms.FileField(label="File", max_length=255, required=False)
    reference = forms.CharField(
        label="or where it is kept",
        max_length=500,
        required=False,
        help_text="An address or a document number, where the file stays elsewhere.",
    )
    digest = forms.RegexField(
        label="with its digest",
        regex=places.DIGEST,
        max_length=71,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "sha256:…", "class": "mono"}),
        help_text="Only with a reference: what makes sure that everybody reads the same paper.",
        error_messages={"invalid": "A digest is sha256: and 64 hexadecimal digits."},
    )
    hazard = forms.TypedChoiceField(
        label="Hazardous detail",
        choices=[("", "Choose"), ("no", "It holds none"), ("yes", "It holds some: only cleared people read it")],
        coerce=lambda said: said == "yes",
    )

    def __init__(self, *args: object, offered: Iterable[tuple[str, str]], snapshots: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["asked"].choices = list(offered)  # type: ignore[attr-defined]
        self.fields["snapshot"].queryset = snapshots  # type: ignore[attr-defined]

    def supplied(self) -> dict[str, Any]:
        """What was typed, as the verb takes it."""
        said = dict(self.cleaned_data)
        threshold, _, artefact = said.pop("asked").partition("/")
        file = said.pop("file")
        return said | {"threshold": threshold, "artefact": artefact, "stream": file, "filename": file.name if file else ""}


class SignOffForm(SigningForm):
    meaning = forms.ChoiceField(label="What your signature says", choices=Meaning.choices, widget=forms.RadioSelect)
    rationale = _rationale()
    field_order = ("meaning", "rationale", *CONFIRMING, "seen_digest")


class GateForm(forms.Form):
    """Asks the gate. By artefact it is the gate's own answer; by model it is informative."""

    artefact = forms.CharField(
        label="Artefact digest",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": "sha256:…", "class": "mono", "size": 40}),
    )
    subject = forms.CharField(
        label="or model", required=False, max_length=120, widget=forms.TextInput(attrs={"placeholder": "its name, or heron-2"})
    )
    scope = forms.ChoiceField(label="Scope")
    stack = forms.RegexField(
        label="Serving stack",
        regex=places.DIGEST,
        required=False,
        max_length=71,
        widget=forms.TextInput(attrs={"placeholder": "sha256:…", "class": "mono", "size": 24}),
        error_messages={"invalid": "A stack is named by its digest: sha256: and 64 hexadecimal digits."},
    )

    def __init__(self, *args: object, scopes: Iterable[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["scope"].choices = [(scope, scope.replace("_", " ")) for scope in scopes]  # type: ignore[attr-defined]


class DeploymentForm(forms.Form):
    """What is in service, as the serving side knows it."""

    snapshot = forms.ModelChoiceField(label="Snapshot", queryset=Snapshot.objects.none(), empty_label="Choose")
    scope = forms.ChoiceField(label="Scope")
    since = forms.DateTimeField(
        label="Since", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"), help_text="In UTC."
    )
    authorisation = forms.UUIDField(
        label="Authorisation",
        required=False,
        help_text="The id the gate answered for the record. Without one that was valid then, this is an incident.",
    )
    stack = forms.RegexField(
        label="Stack digest",
        regex=r"^sha256:[0-9a-f]{64}$",
        required=False,
        help_text="Where the authorisation was asked for one serving stack.",
        error_messages={"invalid": "Write sha256: and then exactly 64 digits 0-9 or a-f."},
    )

    def __init__(self, *args: object, snapshots: object, scopes: Iterable[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["snapshot"].queryset = snapshots  # type: ignore[attr-defined]
        self.fields["scope"].choices = [(scope, scope.replace("_", " ")) for scope in scopes]  # type: ignore[attr-defined]


class AdoptionForm(ConfirmationForm):
    rationale = _rationale("Why this version")
    field_order = ("rationale", *CONFIRMING)


class ConfirmForm(ConfirmationForm):
    """An executive's signature under a proposal that is on the page."""


class FeedForm(ConfirmationForm):
    act = "feed"


class RotateForm(ConfirmationForm):
    act = "rotate"


class OutletForm(ConfirmationForm):
    act = "outlet"
    label = forms.CharField(label="What it is for", max_length=80, help_text="Shown in lists; the address is not.")
    topics = forms.MultipleChoiceField(label="Told of", choices=Topic.choices, widget=forms.CheckboxSelectMultiple)
    address = forms.CharField(
        label="Address", max_length=2000, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    field_order = ("label", "address", "topics", *CONFIRMING)


class WebhookForm(OutletForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].help_text = "https://host/path. It is kept sealed and not shown again; the list names its host."


class ChannelForm(OutletForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "address"
        ].help_text = (
            "As apprise writes it: slack://…, msteams://…, matrixs://…, pagerduty://…, ntfys://…. It is kept sealed and not shown again."
        )


class TellingForm(forms.Form):
    """A row a kind: the inbox where it may be left out, and how by mail; then when digests come."""

    zone = forms.ChoiceField(label="Time zone", choices=lambda: [(zone, zone) for zone in sorted(available_timezones())])
    hour = forms.TypedChoiceField(label="Hour", coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)])
    weekday = forms.TypedChoiceField(label="Weekly digest on", coerce=int, choices=list(enumerate(calendar.day_name)))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for kind, words in KIND_WORDS.items():
            if kind in OPTIONAL:
                self.fields[f"inbox_{kind}"] = forms.BooleanField(label=f"{words}: in the inbox", required=False)
            self.fields[f"mail_{kind}"] = forms.ChoiceField(label=f"{words}: by mail", choices=ByMail.choices)

    def rows(self) -> list[tuple[str, forms.BoundField | None, forms.BoundField]]:
        """Each kind in words, its inbox box (None: it always stands there) and its choice of mail."""
        return [(words, self[f"inbox_{kind}"] if kind in OPTIONAL else None, self[f"mail_{kind}"]) for kind, words in KIND_WORDS.items()]

    def choices(self) -> dict[str, tuple[bool, str]]:
        said = self.cleaned_data
        return {kind: (said.get(f"inbox_{kind}", True), said[f"mail_{kind}"]) for kind in KIND_WORDS}
