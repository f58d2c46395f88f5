"""The forms of this room. They read what was typed; whether it may be done is asked of the verbs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet

from evaluations.adapters import HARNESSES_WITH_IDS
from evaluations.elicitation import FACTS
from evaluations.models import Binding, Derivation, Measurement, Snapshot, Subject, Upload, UploadState
from ledger.digest_field import DigestField
from people.forms import CONFIRMING, WITHIN_REASON, ConfirmationForm
from people.models import Person

TRUTHS = [("", "Not declared"), ("true", "Yes"), ("false", "No")]


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once; without scripts they travel in one request."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        one = super().clean
        files = data if isinstance(data, list | tuple) else [data]
        return [one(file, initial) for file in files]


class UploadForm(forms.Form):
    """Which files, whose results they are, and what the uploader declares of the elicitation."""

    about = forms.ChoiceField(
        label="Subject and snapshot",
        help_text="The weights that were evaluated. Results without a snapshot can raise concern; they cannot rule anything out.",
    )
    files = FilesField(  # type: ignore[assignment]  # a field's place, which the form's own files never take
        label="Result files",
        allow_empty_file=True,
        help_text="Inspect .eval or .json, lm-evaluation-harness results, Every Eval Ever. A file that cannot be read is kept, too, and shuts "
        "the gate of the model until a reviewer or the chair answers for it.",
    )
    variant = forms.CharField(label="Variant", required=False, max_length=200, help_text="For example helpful-only.")
    safeguards_on = forms.ChoiceField(label="Safeguards on", choices=TRUTHS, required=False)
    tools = forms.CharField(label="Tools", required=False, max_length=200)
    scaffold = forms.CharField(label="Scaffold", required=False, max_length=200)
    attempts = forms.IntegerField(label="Attempts per item", required=False, min_value=1)
    fine_tuned = forms.ChoiceField(label="Fine-tuned for the task", choices=TRUTHS, required=False)
    reasoning_effort = forms.CharField(label="Reasoning effort", required=False, max_length=200)
    token_budget = forms.IntegerField(label="Token budget", required=False, min_value=1)

    def __init__(self, *args: Any, subjects: Iterable[Subject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.targets: dict[str, tuple[Subject, Snapshot | None]] = {}
        choices: list[tuple[str, Any]] = [("", "Choose")]
        for subject in subjects:
            group = []
            for snapshot in subject.snapshots.all():
                self.targets[str(snapshot.pk)] = (subject, snapshot)
                group.append((str(snapshot.pk), f"{subject.name}, {snapshot.label}"))
            self.targets[str(subject.pk)] = (subject, None)
            choices.append((subject.name, [*group, (str(subject.pk), f"{subject.name}, no snapshot named")]))
        self.fields["about"].choices = choices  # type: ignore[attr-defined]

    @property
    def target(self) -> tuple[Subject, Snapshot | None]:
        return self.targets[self.cleaned_data["about"]]

    @property
    def declared(self) -> dict[str, str]:
        return {name: str(self.cleaned_data[name]) for name in FACTS if self.cleaned_data.get(name) not in {None, ""}}


class SubjectForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120)
    slug = forms.SlugField(
        label="Short name",
        max_length=80,
        help_text="Stands in addresses: lower-case letters, digits, hyphens.",
        error_messages={"invalid": "Use lower-case letters, digits and hyphens only, for example osprey-2."},
    )
    derivation = forms.ChoiceField(label="Came about as", choices=Derivation.choices)
    parent = forms.ModelChoiceField(
        label="Parent", queryset=Subject.objects.none(), required=False, help_text="A derived model inherits what its parent requires."
    )

    def __init__(self, *args: Any, parents: QuerySet[Subject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = parents  # type: ignore[attr-defined]


class SnapshotForm(forms.Form):
    label = forms.CharField(label="Label", max_length=80, help_text="For example step 9000.")
    weights_digest = DigestField(label="Weights digest", help_text="sha256: and 64 hexadecimal digits over the weights.")
    model_names = forms.CharField(
        label="Model names",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="As result files write them, one a line. A file that names another model cannot rule anything out.",
    )
    compute_factor = forms.DecimalField(
        label="Effective compute",
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=4,
        help_text="Relative to the last comprehensively assessed weights. Unknown makes earlier results stale where a clock asks.",
    )
    is_release_candidate = forms.BooleanField(
        label="Meant for release", required=False, help_text="Every threshold must then be measured on these weights."
    )

    def clean_model_names(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["model_names"].splitlines() if line.strip()]


class BindingForm(forms.Form):
    indicator = forms.ChoiceField(label="Indicator")
    family = forms.CharField(label="Format family", max_length=60, help_text="For example inspect-eval.")
    task = forms.CharField(label="Task", max_length=400)
    task_version = forms.CharField(label="Task version", required=False, max_length=120, help_text="Empty: any version.")
    scorer = forms.CharField(label="Scorer", required=False, max_length=200)
    metric = forms.CharField(label="Metric", max_length=200)
    reducer = forms.CharField(label="Reducer", required=False, max_length=120)
    filter = forms.CharField(label="Filter", required=False, max_length=120)
    group = forms.CharField(label="Group", required=False, max_length=200)

    def __init__(self, *args: Any, indicators: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["indicator"].choices = [("", "Choose"), *indicators]  # type: ignore[attr-defined]

    @staticmethod
    def initial_for(measurement: Measurement) -> dict[str, str]:
        """The selector that names exactly this measurement."""
        run = measurement.run
        return {
            "family": run.reading.format,
            "task": run.task,
            "task_version": run.task_version,
            "scorer": measurement.scorer,
            "metric": measurement.metric,
            "reducer": measurement.reducer,
            "filter": measurement.filter,
            "group": measurement.group,
        }


class DossierForm(ConfirmationForm):
    """What is opened to whom, until when, and who says so."""

    subject = forms.ModelChoiceField(label="Model", queryset=Subject.objects.none(), empty_label="Choose")
    person = forms.ModelChoiceField(
        label="Outside evaluator", queryset=Person.objects.none(), empty_label="Choose", help_text="Somebody who holds that role."
    )
    until = forms.DateField(
        label="Until",
        validators=[WITHIN_REASON],
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="To the end of that day in UTC. It can be closed earlier.",
    )
    field_order = ("subject", "person", "until", *CONFIRMING)

    def __init__(self, *args: Any, subjects: QuerySet[Subject], people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].queryset = subjects  # type: ignore[attr-defined]
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class AnnounceForm(forms.Form):
    """A run that somebody is about to start, named so that it can be told when it arrives."""

    indicator = forms.ChoiceField(label="Indicator")
    harness = forms.ChoiceField(
        label="Harness",
        choices=[(each, each) for each in HARNESSES_WITH_IDS],
        help_text="Files of lm-evaluation-harness carry no run id by which a run could be told when it arrives, so its runs cannot be announced.",
    )
    external_id = forms.CharField(
        label="Run id",
        max_length=200,
        widget=forms.TextInput(attrs={"class": "mono"}),
        help_text="As the harness will write it into the log. In Inspect it is eval.run_id.",
    )

    def __init__(self, *args: Any, indicators: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["indicator"].choices = [("", "Choose"), *indicators]  # type: ignore[attr-defined]


class SetAsideForm(ConfirmationForm):
    """Why a result leaves the evidence, and who says so."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)
    replacement = forms.ModelChoiceField(
        label="Replaced by",
        queryset=Measurement.objects.none(),
        required=False,
        empty_label="Nothing: its indicator is then not ruled out",
    )
    role = forms.ChoiceField(label="You sign as")
    field_order = ("reason", "replacement", "role", *CONFIRMING)

    def __init__(self, *args: Any, roles: Iterable[tuple[str, str]], replacements: QuerySet[Measurement] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = list(roles)  # type: ignore[attr-defined]
        if replacements is None:
            del self.fields["replacement"]
        else:
            self.fields["replacement"].queryset = replacements  # type: ignore[attr-defined]


class ArmsForm(forms.Form):
    """The arms of a ratio: two metrics of its run, or six numbers and where they stand. Whether they fit is asked of the verb."""

    # Each field is for one of the two ways, which the page tells; that any may be empty says nothing.
    says_optional = False

    treatment = forms.ModelChoiceField(
        label="Treatment, a metric of this run", queryset=Measurement.objects.none(), required=False, empty_label="Not in this run"
    )
    control = forms.ModelChoiceField(
        label="Control, a metric of this run", queryset=Measurement.objects.none(), required=False, empty_label="Not in this run"
    )
    treatment_mean = forms.CharField(label="Treatment: mean", max_length=40, required=False)
    treatment_stderr = forms.CharField(label="Treatment: standard error", max_length=40, required=False)
    treatment_n = forms.IntegerField(label="Treatment: n", min_value=2, max_value=10**9, required=False)
    control_mean = forms.CharField(label="Control: mean", max_length=40, required=False)
    control_stderr = forms.CharField(label="Control: standard error", max_length=40, required=False)
    control_n = forms.IntegerField(label="Control: n", min_value=2, max_value=10**9, required=False)
    dossier_digest = DigestField(label="Digest of the dossier", required=False, help_text="Of the document the numbers stand in.")
    dossier_place = forms.CharField(label="Where in it", max_length=500, required=False, help_text="The document and its page or table.")

    def __init__(self, *args: Any, metrics: QuerySet[Measurement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("treatment", "control"):
            self.fields[name].queryset = metrics  # type: ignore[attr-defined]


class CorrectionForm(forms.Form):
    """Which weights a file really measured."""

    snapshot = forms.ModelChoiceField(label="It measured", queryset=Snapshot.objects.none(), empty_label="Choose")
    sent_again = forms.ModelChoiceField(
        label="Sent again as",
        queryset=Upload.objects.none(),
        required=False,
        empty_label="It was not sent again",
        help_text="Where its results were superseded and the same file was sent once more: they go on speaking through that one.",
    )
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)

    def __init__(self, *args: Any, snapshots: QuerySet[Snapshot], again: QuerySet[Upload], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["snapshot"].queryset = snapshots  # type: ignore[attr-defined]
        if again.exists():
            self.fields["sent_again"].queryset = again  # type: ignore[attr-defined]
        else:
            del self.fields["sent_again"]


class InOrder(django_filters.OrderingFilter):
    """The order the address asks for, then the list's own: two rows that are alike in it keep their places from page to page."""

    def __init__(self, *args: Any, then: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, label="Order", empty_label="Newest first", **kwargs)
        self._then = then

    def filter(self, qs: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        ordered = super().filter(qs, value)
        return ordered.order_by(*ordered.query.order_by, *self._then) if value else ordered


class UploadFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        label="File or digest", method="by_words", widget=forms.TextInput(attrs={"type": "search", "maxlength": 120})
    )
    state = django_filters.ChoiceFilter(label="State", choices=UploadState.choices, empty_label="Any")
    subject = django_filters.ModelChoiceFilter(label="Model", queryset=Subject.objects.all(), to_field_name="slug", empty_label="Any")
    particulars = django_filters.ChoiceFilter(
        label="Particulars",
        choices=[("waiting", "Wait for a second person"), ("confirmed", "Confirmed")],
        method="by_word",
        empty_label="Any",
    )

    sort = InOrder(
        fields=(
            ("filename", "file"),
            ("subject__name", "subject"),
            ("state", "state"),
            ("uploader__name", "uploader"),
            ("blob__size", "size"),
            ("received_seq", "received"),
        ),
        field_labels={"received_seq": "Received", "blob__size": "Size", "subject__name": "Model", "uploader__name": "Uploaded by"},
        then=("-received_seq", "id"),
    )

    class Meta:
        model = Upload
        fields = ("q", "state", "subject", "particulars")

    def __init__(self, *args: Any, subjects: QuerySet[Subject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["subject"].queryset = subjects

    def by_words(self, rows: QuerySet[Upload], name: str, value: str) -> QuerySet[Upload]:
        return rows.filter(Q(filename__icontains=value) | Q(blob__sha256__startswith=value.removeprefix("sha256:")))

    def by_word(self, rows: QuerySet[Upload], name: str, value: str) -> QuerySet[Upload]:
        return rows.filter(countersigned_seq__isnull=value == "waiting")


class ChosenUploads(forms.Form):
    """Uploads ticked in a list; each of them has to be one that this person may know of."""

    MOST = 100
    chosen = forms.ModelMultipleChoiceField(queryset=Upload.objects.none(), error_messages={"required": "Tick the uploads you mean."})

    def __init__(self, *args: Any, uploads: QuerySet[Upload], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].queryset = uploads  # type: ignore[attr-defined]

    def clean_chosen(self) -> QuerySet[Upload]:
        chosen: QuerySet[Upload] = self.cleaned_data["chosen"]
        if len(chosen) > self.MOST:
            raise forms.ValidationError(f"Confirm at most {self.MOST} at a time.", code="too_many")
        return chosen


class BindingFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        label="Indicator or task", method="by_words", widget=forms.TextInput(attrs={"type": "search", "maxlength": 120})
    )
    waiting = django_filters.ChoiceFilter(
        label="State", choices=[("yes", "Waits for a second person"), ("no", "Confirmed")], method="by_state", empty_label="Any"
    )

    sort = InOrder(
        fields=(
            ("indicator", "indicator"),
            ("family", "format"),
            ("task", "task"),
            ("metric", "metric"),
            ("proposed_seq", "proposed"),
            ("confirmed_seq", "confirmed"),
        ),
        field_labels={"proposed_seq": "Proposed", "confirmed_seq": "Confirmed"},
        then=("indicator", "id"),
    )

    class Meta:
        model = Binding
        fields = ()

    def by_words(self, rows: QuerySet[Binding], name: str, value: str) -> QuerySet[Binding]:
        return rows.filter(Q(indicator__icontains=value) | Q(task__icontains=value))

    def by_state(self, rows: QuerySet[Binding], name: str, value: str) -> QuerySet[Binding]:
        return rows.filter(confirmed_seq__isnull=value == "yes")
