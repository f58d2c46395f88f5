from django.apps import AppConfig


class AslPortalConfig(AppConfig):
    name = "asl_portal"
    verbose_name = "ASL portal"

    def ready(self) -> None:
        from asl_portal import checks  # noqa: F401, PLC0415 - registering them is the point, and needs the apps
        from asl_portal.backup import entries  # noqa: F401, PLC0415 - so that every process can tell them in words
