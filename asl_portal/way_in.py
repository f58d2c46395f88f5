"""How a command of this very portal is written on a page, so that it works where it is pasted."""

import shlex

from django.conf import settings


def manage() -> str:
    """`./portal manage`, with the data folder before it where that is not the one the commands take by themselves."""
    if settings.DATA_DIR.resolve() == (settings.BASE_DIR / "data").resolve():
        return "./portal manage"
    return f"ASL_DATA_DIR={shlex.quote(str(settings.DATA_DIR))} ./portal manage"
