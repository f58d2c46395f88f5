"""The question to the gate, and what is in service."""

from collections.abc import Iterable
from typing import Any

from django import forms

from evaluations.models import Snapshot
from ledger.digest_field import DigestField


class GateForm(forms.Form):
    """Asks the gate. By artefact it is the gate's own answer; by model it is informative."""

    artefact = DigestField(label="Artefact digest", required=False)
    subject = forms.CharField(
        label="or model", required=False, max_length=120, widget=forms.TextInput(attrs={"placeholder": "its name, or heron-2"})
    )
    scope = forms.ChoiceField(label="Scope")
    stack = DigestField(label="Serving stack", required=False, size=24)

    def __init__(self, *args: object, scopes: Iterable[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["scope"].choices = [(scope, scope.replace("_", " ")) for scope in scopes]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("artefact") and told.get("subject"):
            self.add_error("subject", "Ask by digest or by model, and by one of them only.")
        return told


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
    stack = DigestField(label="Stack digest", required=False, help_text="Where the authorisation was asked for one serving stack.")

    def __init__(self, *args: object, snapshots: object, scopes: Iterable[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["snapshot"].queryset = snapshots  # type: ignore[attr-defined]
        self.fields["scope"].choices = [(scope, scope.replace("_", " ")) for scope in scopes]  # type: ignore[attr-defined]
