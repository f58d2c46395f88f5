from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        # Each room's consumers listen, its entries say how they read, and it names its things and says what its rows claim, from the start of every process.
        autodiscover_modules("entries", "consumers", "things", "rows")
