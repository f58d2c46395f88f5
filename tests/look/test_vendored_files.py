"""What others made is exactly what they made, and their licence lies beside it."""

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FILES: list[dict[str, Any]] = tomllib.loads((ROOT / "static" / "vendor.toml").read_text())["file"]
KINDS = {".woff2", ".ttf", ".otf", ".woff", ".min.js", ".min.css"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["path"])
def test_a_vendored_file_is_the_one_that_was_taken_in(file: dict[str, Any]) -> None:
    assert sha256((ROOT / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert (ROOT / file["licence_file"]).stat().st_size > 500
    assert all(file[name] for name in ("name", "version", "source", "licence"))


def test_no_foreign_file_lies_about_unlisted() -> None:
    lying = {
        path.relative_to(ROOT).as_posix()
        for folder in ("static", "tests/vendor", "reviews/reports/fonts")
        for path in (ROOT / folder).rglob("*")
        if any(path.name.endswith(kind) for kind in KINDS)
    }
    assert lying == {file["path"] for file in FILES}
