"""How sign-in behaves here: accounts are made by invitation, never by a sign-up page, and a changed password is entered in the ledger."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from people.models import User
from people.services import change_password


class ClosedAccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        change_password(user=user, password=password, at=timezone.now())

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("people:me")
