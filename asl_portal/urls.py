"""The portal's addresses: each room brings its own."""

from django.urls import include, path

from asl_portal import figures, first_steps, glossary, health, search, theme
from asl_portal.api import api

handler500 = "asl_portal.failures.failed"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", figures.metrics, name="metrics"),
    # Before the hundred addresses of the rooms, which are tried one by one: pipelines ask here thousands of times an hour.
    path("api/v1/", api.urls),
    path("theme/", theme.choose, name="theme"),
    path("search/", search.search, name="search"),
    path("glossary/", glossary.glossary, name="glossary"),
    path("start/", first_steps.start, name="start"),
    path("start/sample/", first_steps.sample, name="start-sample"),
    path("accounts/", include("people.account_urls")),
    path("people/", include("people.urls")),
    path("ledger/", include("ledger.urls")),
    path("frameworks/", include("frameworks.urls")),
    path("", include("evaluations.urls")),
    path("", include("reviews.urls")),
]
