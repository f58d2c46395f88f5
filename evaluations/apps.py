from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EvaluationsConfig(AppConfig):
    name = "evaluations"
    verbose_name = "Evaluations"

    def ready(self) -> None:
        # The rooms above say what follows from an upload; this one does not know them.
        autodiscover_modules("effects")
