"""How a safeguard is built, shown and signed off, and which sign-offs cover a model."""

from collections.abc import Iterable, Mapping, Sequence

from django import forms
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from evaluations.models import Subject
from frameworks.engine.types import FrameworkDocument
from ledger.digest_field import DigestField
from people.forms import CONFIRMING
from reviews.forms.fields import SigningForm, holds_hazard, in_words
from reviews.models.signoff import Meaning

STACK_DIGEST_HELP = (
    "The fingerprint of what serves the model: of its release manifest or image, just as it was reviewed. Whoever builds the stack prints it "
    "with each release (of an image <code>docker images --digests</code>, of a manifest <code>sha256sum</code>). The serving side names the same "
    "digest when it asks the gate, and the gate refuses any other."
)


class ApplicabilityForm(SigningForm):
    scopes = forms.MultipleChoiceField(label="Scopes", widget=forms.CheckboxSelectMultiple)
    # Where it is served was chosen before, since that decides which sign-offs the page shows.
    stack = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)
    environment = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)
    stack_digest = DigestField(label="Digest of the serving stack", help_text=STACK_DIGEST_HELP)
    rationale = in_words("Why these sign-offs cover this model")
    field_order = ("scopes", "stack_digest", "rationale", *CONFIRMING, "stack", "environment", "seen_digest")

    def __init__(self, *args: object, document: FrameworkDocument, stack: str, stated: str = "", **kwargs: object) -> None:
        """`stack`: the one chosen; without one there is no digest to ask for. `stated`: the digest it was named by last."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["scopes"].choices = [(scope, scope.replace("_", " ")) for scope in document.scopes]  # type: ignore[attr-defined]
        if not stack:
            del self.fields["stack_digest"]
        elif stated:
            told = format_html(
                " The last statement about the stack {} named <code>{}</code>; if it was built anew since, this is another.", stack, stated
            )
            self.fields["stack_digest"].help_text = mark_safe(STACK_DIGEST_HELP) + told  # noqa: S308 it is our own text


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


class SignOffForm(SigningForm):
    meaning = forms.ChoiceField(label="What your signature says", choices=Meaning.choices, widget=forms.RadioSelect)
    rationale = in_words(marked=True)
    hazard = holds_hazard()
    seen_wording = forms.CharField(widget=forms.HiddenInput)
    field_order = ("meaning", "rationale", "hazard", *CONFIRMING, "seen_digest", "seen_wording")
