"""Where mail goes when no mail server is named: into a folder, one file a message, so that nothing is lost and nothing pretends to be sent."""

import uuid
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class FolderBackend(BaseEmailBackend):
    """Writes `DATA/mail/<time>-<id>.eml`, readable by the portal's user alone."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = f"{timezone.now():%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
            new = folder / f".{name}.new"
            new.touch(mode=0o600)
            new.write_bytes(message.message().as_bytes())
            new.rename(folder / f"{name}.eml")
        return len(email_messages)
