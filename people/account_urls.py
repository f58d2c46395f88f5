"""Signing in and out, by django-allauth: only what a portal without sign-up needs. Everything else of it does not exist here."""

from allauth.account import views as allauth
from django.urls import path
from django.views.decorators.http import require_http_methods

from people import link_views
from people.accounts import SecondFactor
from people.doors import open_without_role

# allauth's form views take a PUT for a POST; here a form is sent one way.
form_page = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("login/", form_page(allauth.login), name="account_login"),
    path("logout/", form_page(open_without_role(allauth.logout)), name="account_logout"),
    path("second-factor/", form_page(SecondFactor.as_view()), name="mfa_authenticate"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("password/change/", form_page(open_without_role(link_views.change_password)), name="account_change_password"),
    path("link/", link_views.choose_password, name="choose_password"),
    path("link/<str:secret>/", link_views.follow_link, name="sign_in_link"),
]
