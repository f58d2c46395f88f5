"""A paper that a threshold asks for."""

from collections.abc import Iterable
from typing import Any

from django import forms

from evaluations.models import Snapshot
from ledger.digest_field import DigestField


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
    digest = DigestField(
        label="with its digest",
        required=False,
        help_text="Only with a reference: what makes sure that everybody reads the same paper.",
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
