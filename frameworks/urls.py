"""Addresses of the frameworks."""

from django.urls import path

from frameworks import views

app_name = "frameworks"

urlpatterns = [
    path("", views.framework_list, name="list"),
    path("<str:name>/<str:version>/", views.framework_detail, name="detail"),
    path("<str:name>/<str:version>/source/", views.framework_source, name="source"),
    path("<str:name>/<str:version>/changes/", views.framework_changes, name="changes"),
]
