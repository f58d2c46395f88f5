"""Mail without a mail server."""

import email
import email.policy
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage

from asl_portal.mail import FolderBackend


def test_mail_without_a_server_is_kept_whole_and_private(settings: Any, tmp_path: Path) -> None:
    settings.MAIL_DIR = tmp_path / "mail"
    message = EmailMessage("Your turn: case 12", "Chloé, the case waits for your vote.", "portal@example.org", ["chloe@example.org"])
    assert FolderBackend().send_messages([message]) == 1
    [path] = (tmp_path / "mail").iterdir()
    kept = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert (path.suffix, kept["To"], kept["Subject"]) == (".eml", "chloe@example.org", "Your turn: case 12")
    assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0
