"""(pure) What is kept of the name a file came with: words for people, never a path."""

import unicodedata

LONGEST = 255


def shown_name(name: str) -> str:
    """The last part of the name without control, bidirectional or invisible characters, at most 255 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    return visible.strip()[-LONGEST:]
