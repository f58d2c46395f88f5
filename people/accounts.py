"""How sign-in behaves here: accounts are made by invitation, never by a sign-up page, and codes
of an authenticator app are checked where signing checks them, so that none counts twice."""

import json
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from django import forms
from django.http import HttpRequest
from django.utils import timezone

from people import factors
from people.passkeys import is_from_here, relying_party
from people.passkeys import of as passkeys_of
from people.sealing import opened, seal
from people.services import use_recovery_code


class ClosedAccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class FactorAdapter(DefaultMFAAdapter):
    """Seeds of apps and of recovery codes are kept encrypted."""

    def encrypt(self, text: str) -> str:
        return seal(text, purpose=factors.SEALED_FOR)

    def decrypt(self, encrypted_text: str) -> str:
        return opened(encrypted_text, purpose=factors.SEALED_FOR)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return relying_party()


class SecondFactor(AuthenticateView):
    """The second step of signing in. Whoever has a passkey is asked for it, too; the page holds what the browser asks the device."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not passkeys_of(self.stage.login.user):
            self.webauthn_form = None
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if "js_data" in context:
            context["passkey_options"] = json.dumps(dict(context["js_data"]["request_options"]["publicKey"]))
        return context


class PasskeySignInForm(AuthenticateWebAuthnForm):
    """The second step by passkey. allauth takes an answer from any page beneath the portal's host; here it is the portal's own, as for a signature."""

    def clean_credential(self) -> Authenticator:
        if not is_from_here(self.cleaned_data["credential"]):
            raise forms.ValidationError(
                "Your passkey did not let you in: its answer was not given on this portal's own page. Use it again here."
            )
        authenticator: Authenticator = super().clean_credential()
        return authenticator


class SignInForm(LoginForm):
    """The first step of signing in. A field is named by its label; nothing says the same again where one types."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class CodeForm(AuthenticateForm):
    """The second step of signing in: a code of the app, or one of the recovery codes. allauth limits the tries."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
    )

    def clean_code(self) -> str:
        clear: Any = check_rate_limit(self.user)
        code, now = self.cleaned_data["code"], timezone.now()
        spent = factors.spend_code(self.user, code, now)
        if spent is factors.Spent.BEFORE:
            raise forms.ValidationError("This code was used already. Wait for the next one; it comes within half a minute.")
        kind = Authenticator.Type.TOTP
        if spent is factors.Spent.WRONG:
            if not use_recovery_code(user=self.user, code=code, at=now):
                raise forms.ValidationError(
                    "That code does not fit. Enter the one your app shows now, or a recovery code you have not used."
                )
            kind = Authenticator.Type.RECOVERY_CODES
        self.authenticator = Authenticator.objects.get(user=self.user, type=kind)
        clear()
        return code
