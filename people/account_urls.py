"""Signing in and out, by django-allauth: only what a portal without sign-up needs. Everything else of it does not exist here."""

from allauth.account import views as allauth
from django.urls import path

from people import link_views
from people.doors import open_without_role

urlpatterns = [
    path("login/", allauth.login, name="account_login"),
    path("logout/", open_without_role(allauth.logout), name="account_logout"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("password/change/", open_without_role(allauth.password_change), name="account_change_password"),
    path("link/", link_views.choose_password, name="choose_password"),
    path("link/<str:secret>/", link_views.follow_link, name="sign_in_link"),
]
