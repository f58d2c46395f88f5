"""Static files as production serves them: collected, under hashed names, each that a template asks for there."""

import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_static_file_a_template_asks_for_is_collected_under_a_hashed_name(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    asked = {
        name
        for template in (ROOT / "templates").rglob("*")
        if template.is_file()
        for name in re.findall(r"{%-?\s*static\s+[\"']([^\"']+)[\"']", template.read_text())
    }
    assert asked
    for name in asked:
        hashed = staticfiles_storage.stored_name(name)
        assert hashed != name and (tmp_path / hashed).is_file(), name
