"""The field in which people paste a digest."""

import re
from typing import Any

from django import forms

DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_BARE = re.compile(r"[0-9a-f]{64}")


class DigestField(forms.RegexField):
    """`sha256:` and 64 hexadecimal digits; also the digits alone, as `sha256sum` prints them."""

    def __init__(self, *, label: str, size: int = 40, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"placeholder": "sha256:…", "class": "mono", "size": size})
        super().__init__(DIGEST, label=label, max_length=71, strip=True, widget=widget, **kwargs)
        self.error_messages |= {"invalid": "A digest is sha256: and 64 hexadecimal digits, as sha256sum prints them."}

    def to_python(self, value: Any) -> Any:
        told = super().to_python(value)
        told = told.lower() if isinstance(told, str) else told
        return f"sha256:{told}" if told and _BARE.fullmatch(told) else told
