from django.urls import path

from ledger import views

app_name = "ledger"

urlpatterns = [
    path("", views.entry_list, name="list"),
    path("verify/", views.verify, name="verify"),
    path("export/", views.export, name="export"),
    path("keys/", views.keys, name="keys"),
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("<int:seq>/", views.entry_detail, name="entry"),
]
