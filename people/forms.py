"""The forms of this room. They read what was typed; whether it may be done is asked of the verbs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from allauth.core import context
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.http import QueryDict
from django.utils.html import format_html

from people import factors, identities, trips
from people.confirming import Confirmation
from people.models import User
from people.passkeys import PasskeyAsked
from people.policies import may_hold_scopes
from people.queries import Actor, MemberRow
from people.services.tokens import LONGEST_DAYS
from people.words import Area, Level, Role, Scope

# The end of the last day a calendar has is no moment any more.
WITHIN_REASON = MaxValueValidator(date(2999, 12, 31), "Choose a day before the year 3000.")
CONFIRMING = ("password", "code", "passkey", "provider")


class PasskeyWidget(forms.Widget):
    """A button that has the browser ask the device; the answer travels in a hidden field."""

    template_name = "people/passkey_field.html"


class ProviderWidget(forms.Widget):
    """A button that sends the form to the sign-in provider by way of a tab of its own; here it stays as it was filled in. Where the form signs, it
    says instead what signing takes."""

    template_name = "people/provider_field.html"


class NewPasskeyWidget(forms.Widget):
    template_name = "people/new_passkey_field.html"

    @property
    def is_hidden(self) -> bool:
        return True


class ConfirmationForm(forms.Form):
    """Who acts, confirmed for this one act: it asks for what the account has, a password, a second factor or both.

    A form that changes the account itself names its `act`; then an account that has neither may confirm it at the sign-in provider. Signing never is.
    """

    act: ClassVar[str] = ""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Confirms that it is you. It counts for this one act.",
    )
    code = forms.CharField(
        label="Code from your authenticator app",
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text="Six digits. Each code counts once.",
    )

    passkey = forms.CharField(
        label="",
        required=False,
        widget=PasskeyWidget(attrs={"button": "Confirm with a passkey"}),
        help_text="With a passkey, your device asks for its PIN, your finger or your face.",
    )
    provider = forms.CharField(label="", required=False, widget=ProviderWidget)

    def __init__(self, *args: Any, user: User, about: object = "", **kwargs: Any) -> None:
        """`about`: what the act is done to, where that stands in the address and not in the form."""
        super().__init__(*args, **kwargs)
        self._act = f"{self.act} {about}".strip()
        held = factors.kinds_of(user)
        if not user.has_usable_password():
            del self.fields["password"]
        if Authenticator.Type.TOTP not in held:
            del self.fields["code"]
        if Authenticator.Type.WEBAUTHN not in held:
            del self.fields["passkey"]
        elif "code" in self.fields:
            # Either of the two; which one is missing, the confirmation says.
            self.fields["code"].required = False
        if held or user.has_usable_password() or identities.in_use(user) is None:
            del self.fields["provider"]
        elif self.act:
            self.fields["provider"].widget.attrs |= {"act": self._act, "provider": settings.OIDC_NAME}
            self.fields["provider"].help_text = format_html(
                "A new tab leads to {}, where you sign in once more. Then come back and go on here; it counts for this one act.",
                settings.OIDC_NAME,
            )

    def ask_passkey(self, asked: PasskeyAsked) -> None:
        """The page that answers holds what the browser is to ask the device."""
        self.fields["passkey"].widget.attrs |= {"data-options": json.dumps(asked.options), "data-digest": asked.digest}

    def signed(self) -> dict[str, Any]:
        """Everything that was filled in, what confirms as one `confirmation`."""
        told = dict(self.cleaned_data)
        confirming = {name: told.pop(name) for name in CONFIRMING if name in told}
        if "passkey" in confirming:
            confirming["session"] = _session_key()
        if "provider" in confirming:
            del confirming["provider"]
            confirming["word"] = self._word()
        return told | {"confirmation": Confirmation(**confirming)}

    def _word(self) -> trips.Word | None:
        """What the provider said in this session for exactly what this form says."""
        request = context.request
        if request is None or not isinstance(self.data, QueryDict):
            return None
        return trips.word_for(request.session, trips.act_of(self._act, self.data))


def _new_password(label: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, max_length=4096, widget=widget, help_text=help_text)


GOOD_PASSWORD = "At least 12 characters. A few words of your own are easier to remember than symbols."  # noqa: S105 it is none


class ChoosePasswordForm(forms.Form):
    password = _new_password("New password", GOOD_PASSWORD)
    again = _new_password("New password, again")

    def clean(self) -> dict[str, object]:
        values = super().clean() or {}
        _require_alike(self, "password", values)
        return values


class ChangePasswordForm(ConfirmationForm):
    new_password = _new_password("New password", GOOD_PASSWORD)
    again = _new_password("New password, again")
    field_order = ("new_password", "again", *CONFIRMING)

    def clean(self) -> dict[str, object]:
        values = super().clean() or {}
        _require_alike(self, "new_password", values)
        return values

    def signed(self) -> dict[str, Any]:
        told = super().signed()
        del told["again"]
        return told


def _require_alike(form: forms.Form, name: str, values: dict[str, object]) -> None:
    if {name, "again"} <= values.keys() and values[name] != values["again"]:
        form.add_error("again", "The two do not match.")


class AppForm(ConfirmationForm):
    """A new authenticator app shows that it knows the secret."""

    act = "app"

    first_code = forms.CharField(
        label="Code the app shows now",
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text="Six digits. They show that the app has the secret and your clock is right.",
    )
    # What the app shows now is old by the time somebody comes back from the provider.
    field_order = ("provider", "first_code", *CONFIRMING)


class PasskeyForm(ConfirmationForm):
    """A new passkey, made by the device while the form is sent."""

    act = "passkey"

    name = forms.CharField(label="Name", max_length=60, help_text="So that you know it again: the device it lives in, say.")
    answer = forms.CharField(required=False, max_length=10_000, widget=NewPasskeyWidget)
    field_order = ("provider", "name", *CONFIRMING, "answer")

    def __init__(self, *args: Any, options: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].widget.attrs["options"] = json.dumps(options)


class PersonForm(forms.Form):
    name = forms.CharField(label="Name", max_length=200)
    affiliation = forms.CharField(label="Affiliation", max_length=200, required=False)
    email = forms.EmailField(label="E-mail", help_text="They sign in with it, and it is where their sign-in link goes.")


class LinkForm(forms.Form):
    resets_factors = forms.BooleanField(
        label="It also takes their second factors away",
        required=False,
        help_text="For somebody who lost their device and their recovery codes.",
    )


class TokenForm(ConfirmationForm):
    act = "token"
    label = forms.CharField(label="What will use it", max_length=100)
    scopes = forms.MultipleChoiceField(label="What it may do", widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label="For how many days", min_value=1, max_value=LONGEST_DAYS, initial=90)
    field_order = ("label", "scopes", "days", *CONFIRMING)

    def __init__(self, *args: object, actor: Actor, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        # A badge is of one model: its address is made on that model's page.
        offered = [one for one in Scope.choices if one[0] != Scope.BADGE_READ and may_hold_scopes(actor, [one[0]])]
        self.fields["scopes"].choices = offered  # type: ignore[attr-defined]


class GrantForm(forms.Form):
    """One list for everything a person may hold: `role:reviewer`, `competence:biology`, `clearance:hazard`."""

    what = forms.ChoiceField(
        label="What",
        choices=[
            ("Role", [(f"role:{value}", label) for value, label in Role.choices]),
            ("Competence", [(f"competence:{value}", label) for value, label in Area.choices]),
            ("Clearance", [(f"clearance:{value}", label) for value, label in Level.choices]),
        ],
    )
    until = forms.DateField(
        label="Until",
        required=False,
        validators=[WITHIN_REASON],
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day, in UTC. Empty: until it is ended.",
    )

    def until_at(self) -> datetime | None:
        """A bare date means the end of that UTC day."""
        day = self.cleaned_data["until"]
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC) if day else None

    def kind_and_word(self) -> tuple[str, str]:
        kind, _, word = self.cleaned_data["what"].partition(":")
        return kind, word


class MemberFilterForm(forms.Form):
    """Whom the list of members shows; it stands in the address."""

    q = forms.CharField(label="Name or affiliation", required=False, max_length=80, widget=forms.TextInput(attrs={"type": "search"}))
    role = forms.ChoiceField(label="Role", required=False, choices=[("", "Any role"), *Role.choices])

    def fits(self, row: MemberRow) -> bool:
        asked = self.cleaned_data if self.is_valid() else {}
        words, role = str(asked.get("q") or "").lower(), asked.get("role")
        return words in f"{row.person.name} {row.person.affiliation}".lower() and (
            not role or any(grant.role == role for grant in row.roles)
        )


# The lists whose filters stand in the address. A view leads to one of these and nowhere else.
LISTS = ("/portfolio/", "/cases/", "/uploads/", "/bindings/", "/safeguards/", "/ledger/", "/people/")


LONGEST_QUERY = 500


class SavedViewForm(forms.Form):
    """A name for the filter in use."""

    name = forms.CharField(label="Name of this view", max_length=60)
    place = forms.ChoiceField(choices=[(each, each) for each in LISTS], widget=forms.HiddenInput)
    query = forms.CharField(required=False, max_length=LONGEST_QUERY, widget=forms.HiddenInput)

    def clean_query(self) -> str:
        """The words of the filter alone: which page of it one was on is not part of a view."""
        pairs = parse_qsl(str(self.cleaned_data["query"]))
        query = urlencode([(name, value) for name, value in pairs if name not in {"page", "before"}])
        # In an address a letter of another script takes up to twelve.
        if len(query) > LONGEST_QUERY:
            raise forms.ValidationError("This filter is too long to be kept. Search for fewer letters, then keep it.")
        return query


def _session_key() -> str:
    """The session the form was sent in: what was prepared in one is not confirmed in another."""
    request = context.request
    return (request.session.session_key or "") if request else ""
