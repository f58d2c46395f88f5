"""`/people/`: one's own page, the members, and the acts that change what people hold."""

from django.urls import path, re_path

from people import factor_views, provider_views, saved_views, session_views, token_views, views

app_name = "people"

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

urlpatterns = [
    path("", views.members, name="members"),
    path("new/", views.new_person, name="new-person"),
    path("me/", views.me, name="me"),
    path("me/factors/", factor_views.factors_page, name="factors"),
    path("me/factors/app/", factor_views.add_app, name="app-add"),
    path("me/factors/passkey/", factor_views.add_passkey, name="passkey-add"),
    path("me/factors/recovery-codes/", factor_views.recovery_codes, name="recovery-codes"),
    path("me/factors/<int:pk>/remove/", factor_views.remove, name="factor-remove"),
    path("me/provider/", provider_views.link, name="provider-link"),
    path("me/provider/confirm-link/", provider_views.confirm_link, name="provider-link-confirm"),
    path("me/provider/confirm/", provider_views.confirm_act, name="provider-confirm"),
    path("me/provider/<uuid:pk>/unlink/", provider_views.unlink, name="provider-unlink"),
    path("me/views/", saved_views.index, name="saved-views"),
    path("me/views/save/", saved_views.save, name="view-save"),
    path("me/views/<uuid:pk>/rename/", saved_views.rename, name="view-rename"),
    path("me/views/<uuid:pk>/delete/", saved_views.delete, name="view-delete"),
    path("me/sessions/", session_views.sessions, name="sessions"),
    path("me/tokens/", token_views.tokens, name="tokens"),
    path("tokens/<uuid:pk>/revoke/", token_views.revoke, name="token-revoke"),
    path("<uuid:pk>/", views.person, name="person"),
    path("<uuid:pk>/grants/", views.propose_grant, name="grant-propose"),
    path("<uuid:pk>/link/", views.propose_link, name="link-propose"),
    path("<uuid:pk>/close/", views.close_account, name="account-close"),
    path("<uuid:pk>/reopen/", views.reopen_account, name="account-reopen"),
    re_path(
        rf"^grants/(?P<kind>role|competence|clearance)/(?P<pk>{_UUID})/(?P<act>confirm|withdraw|propose-end|confirm-end)/$",
        views.act_on_grant,
        name="grant-act",
    ),
    re_path(rf"^links/(?P<pk>{_UUID})/(?P<act>confirm|withdraw)/$", views.act_on_link, name="link-act"),
]
