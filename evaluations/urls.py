"""`/uploads/`, `/runs/`, `/bindings/` and the registering of `/subjects/`."""

from django.urls import path

from evaluations.views import announced, arms, attesting, bindings, confirming, correcting, dossiers, runs, setting_aside, subjects, uploads

app_name = "evaluations"

urlpatterns = [
    path("uploads/", uploads.index, name="uploads"),
    path("uploads/new/", uploads.new, name="upload-new"),
    path("uploads/confirm/", confirming.several, name="uploads-confirm"),
    path("uploads/<uuid:pk>/", uploads.detail, name="upload"),
    path("uploads/<uuid:pk>/raw/", uploads.raw, name="upload-raw"),
    path("uploads/<uuid:pk>/retry/", uploads.retry, name="upload-retry"),
    path("uploads/<uuid:pk>/set-aside/", setting_aside.upload, name="upload-set-aside"),
    path("uploads/<uuid:pk>/attest/", attesting.attest, name="upload-attest"),
    path("uploads/<uuid:pk>/correct/", correcting.propose, name="upload-correct"),
    path("uploads/<uuid:pk>/correct/<uuid:correction_pk>/", correcting.signing, name="correction-sign"),
    path("runs/<uuid:pk>/", runs.detail, name="run"),
    path("runs/<uuid:pk>/set-aside/", setting_aside.set_aside, name="run-set-aside"),
    path("runs/<uuid:pk>/measurements/<uuid:measurement_pk>/supersede/", setting_aside.supersede, name="measurement-supersede"),
    path("runs/<uuid:pk>/measurements/<uuid:measurement_pk>/arms/", arms.new, name="arms-new"),
    path("arms/<uuid:pk>/confirm/", arms.confirm, name="arms-confirm"),
    path("subjects/<slug:slug>/announced/", announced.index, name="announced-runs"),
    path("subjects/<slug:slug>/announced/<uuid:pk>/sign-away/", setting_aside.sign_away, name="announced-run-sign-away"),
    path("dossiers/", dossiers.index, name="dossiers"),
    path("dossiers/<uuid:pk>/close/", dossiers.close, name="dossier-close"),
    path("bindings/", bindings.index, name="bindings"),
    path("bindings/new/", bindings.new, name="binding-new"),
    path("bindings/<uuid:pk>/confirm/", bindings.confirm, name="binding-confirm"),
    path("subjects/new/", subjects.new, name="subject-new"),
    path("subjects/<slug:slug>/snapshots/", subjects.snapshots, name="snapshots"),
    path("subjects/<slug:slug>/snapshots/new/", subjects.new_snapshot, name="snapshot-new"),
    path("subjects/<slug:slug>/snapshots/<uuid:pk>/confirm/", subjects.confirm_snapshot, name="snapshot-confirm"),
    path("subjects/<slug:slug>/snapshots/<uuid:pk>/choose/", subjects.choose_snapshot, name="snapshot-choose"),
]
