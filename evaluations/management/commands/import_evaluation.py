"""`import_evaluation FILE… --subject SLUG [--as EMAIL] [--snapshot LABEL] [--wait] [--json]`: the upload, from a shell."""

import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evaluations import access
from evaluations.models import Upload
from evaluations.receipts import receipt
from evaluations.services import uploads
from ledger.refusals import Refusal
from people.models import Person, User
from people.queries import Actor, actor_of, people_with
from people.words import Role

LONGEST_WAIT = timedelta(minutes=10)


class Command(BaseCommand):
    help = "Uploads result files for a subject on behalf of a person; a worker reads them. Nothing is ever signed from here."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--subject", required=True, metavar="SLUG")
        parser.add_argument("--snapshot", default="", metavar="LABEL", help="a label or weights digest of the subject")
        parser.add_argument(
            "--as", dest="email", default="", metavar="EMAIL", help="who uploads; need not be said where there is one researcher"
        )
        parser.add_argument(
            "--declare", action="append", default=[], metavar="FACT=VALUE", help="a fact of the elicitation; may be repeated"
        )
        parser.add_argument("--wait", action="store_true", help="until the workers have read the files")
        parser.add_argument("--json", action="store_true", help="the receipts as the API gives them, one a line")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = self._actor(options["email"])
        try:
            received = [self._receive(path, actor, options) for path in options["files"]]
        except (Refusal, OSError) as error:
            told = f"{error.sentence} {error.what_to_do}" if isinstance(error, Refusal) else str(error)
            raise CommandError(told.strip()) from error
        if options["wait"]:
            received = [self._wait(upload) for upload in received]
        for upload in received:
            self._print(upload, as_json=options["json"])
        if any(upload.state in {"rejected", "dead"} for upload in received):
            raise CommandError("Not every file was taken.", returncode=1)

    def _actor(self, email: str) -> Actor:
        now = timezone.now()
        if not email:
            return actor_of(self._only_researcher(now), now)
        user = User.objects.filter(email=email.lower()).select_related("person").first()
        if user is None:
            raise CommandError(f"No account signs in as {email}.")
        return actor_of(user.person, now)

    def _only_researcher(self, at: datetime) -> Person:
        """Who uploads is judged apart from who votes, so it is a person and never "the shell"."""
        found = list(people_with(Role.RESEARCHER, at))
        if len(found) != 1:
            raise CommandError(f"{len(found)} people are researchers here; say who uploads with --as EMAIL.")
        return found[0]

    def _receive(self, path: Path, actor: Actor, options: dict[str, Any]) -> Upload:
        now = timezone.now()
        subject = access.subject(actor, options["subject"], now)
        with path.open("rb") as stream:
            upload, _ = uploads.receive(
                stream=stream,
                filename=path.name,
                subject=subject,
                snapshot=access.snapshot(subject, options["snapshot"]) if options["snapshot"] else None,
                declared=dict(fact.partition("=")[::2] for fact in options["declare"]),
                actor=actor.person,
                at=now,
            )
        return upload

    def _wait(self, upload: Upload) -> Upload:
        give_up_at = timezone.now() + LONGEST_WAIT
        while not upload.is_finished:
            if timezone.now() > give_up_at:
                raise CommandError(f"No worker has read {upload.filename} within {LONGEST_WAIT}. It is kept; look at the workers.")
            time.sleep(0.3)
            upload.refresh_from_db()
        return upload

    def _print(self, upload: Upload, *, as_json: bool) -> None:
        told = receipt(upload)
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stdout.write(f"{told['filename']}: {told['state']}, upload {told['id']}")
        for run in told.get("runs", []):
            self.stdout.write(f"  {run['task']} · {run['model']} · {run['status']} · {len(run['measurements'])} measurements")
        if "error" in told:
            self.stdout.write(f"  {told['message']} {told['where']} {told['what_to_do']}".rstrip())
