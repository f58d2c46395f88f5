from django.apps import AppConfig


class AslPortalConfig(AppConfig):
    name = "asl_portal"
    verbose_name = "ASL portal"
