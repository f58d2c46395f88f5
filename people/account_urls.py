"""Signing in and out, by django-allauth: only what a portal without sign-up needs. Everything else of it does not exist here."""

from allauth.account import views as allauth
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from people import link_views, password_views, provider_views
from people.accounts import SecondFactor
from people.doors import open_without_role

# allauth's form views take a PUT for a POST; here a form is sent one way.
form_page = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("login/", form_page(allauth.login), name="account_login"),
    path("logout/", form_page(open_without_role(provider_views.sign_out)), name="account_logout"),
    path("second-factor/", form_page(SecondFactor.as_view()), name="mfa_authenticate"),
    path("inactive/", require_safe(allauth.account_inactive), name="account_inactive"),
    path("password/change/", password_views.change_password, name="account_change_password"),
    path("link/", link_views.choose_password, name="choose_password"),
    path("link/provider/", provider_views.ask_for_link, name="provider_for_link"),
    path("link/provider/confirm/", provider_views.use_link, name="provider_link_confirm"),
    path("provider/", provider_views.sign_in, name="provider_sign_in"),
    path("provider/callback/", provider_views.callback, name="provider_callback"),
    path("provider/signed-out/", provider_views.signed_out, name="provider_signed_out"),
    path("provider/sign-out/", provider_views.sign_out_there, name="provider_sign_out"),
    path("link/<str:secret>/", link_views.follow_link, name="sign_in_link"),
]
