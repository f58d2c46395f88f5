import os
import signal
import threading
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from ledger.clock import shared_now
from ledger.notary import Notary, WillNotSign
from ledger.services import LogNotOpened

KEY_FILE = "ASL_CHECKPOINT_KEY_FILE"


class Command(BaseCommand):
    help = f"Signs the log as it stands, with the key in the file that {KEY_FILE} names (made at the first run). A process of its own: no other reads that file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--watch", action="store_true", help="go on signing whenever the log has grown, until stopped")
        parser.add_argument("--every", type=float, default=10.0, metavar="SECONDS", help="how often to look, with --watch")

    def handle(self, *args: Any, watch: bool, every: float, **options: Any) -> None:
        path = os.environ.get(KEY_FILE)
        if not path:
            raise CommandError(f"{KEY_FILE} is not set; name the file that holds, or shall hold, the checkpoint key.")
        notary = Notary(Path(path))
        if watch:
            self._watch(notary, every)
        elif not self._sign(notary):
            self.stdout.write("Nothing new to sign.")

    def _watch(self, notary: Notary, every: float) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            close_old_connections()
            # A portal that has just been set up opens its log any moment now.
            with suppress(LogNotOpened):
                self._sign(notary)
            stopped.wait(every)

    def _sign(self, notary: Notary) -> bool:
        try:
            checkpoint = notary.sign(at=shared_now())
        except WillNotSign as refusal:
            raise CommandError(f"Refused to sign: {refusal}", returncode=2) from None
        if checkpoint:
            self.stdout.write(f"Signed {checkpoint.size} entries under {bytes(checkpoint.root).hex()}.")
        return checkpoint is not None
