"""The question to the gate, and what is in service."""

from collections.abc import Iterable

from django import forms

from evaluations.models import Snapshot
from reviews import places


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
