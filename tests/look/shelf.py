"""The stored pictures: each has its name, and is renewed on purpose only."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests.look.comparing import compare, in_few_colours, side_by_side

ROOT = Path(__file__).resolve().parents[2]
RENEW = "./portal test tests/look/test_pictures.py --renew-pictures"
_MEANT = f"If it is meant to look so, renew the stored pictures and look at each that changed: {RENEW}"


@dataclass(frozen=True)
class Shelf:
    """`stored` is kept with the tests; `differences` shows what the last run found and belongs to nobody."""

    stored: Path
    differences: Path

    def complaint(self, name: str, now: Image.Image) -> str:
        """What is wrong with how a page looks now; nothing where it looks as stored. The picture of the difference stands beside the words."""
        told = self._of_difference(name)
        told.unlink(missing_ok=True)
        old = self._old(name)
        if old is None:
            self._keep(now, told)
            return f"No picture of {name} is stored; it looks like {_shown(told)}. {_MEANT}"
        found = compare(old, now)
        if found is None:
            return ""
        self._keep(side_by_side(old, now, found), told)
        return f"{name} looks otherwise than stored: {found}. Old, new and what differs: {_shown(told)}. {_MEANT}"

    def renew(self, name: str, now: Image.Image) -> None:
        """Stores how a page looks now. A picture that shows the same stays the file it is."""
        old = self._old(name)
        if old is None or old.size != now.size or compare(old, now) is not None:
            self._keep(in_few_colours(now), self.stored / f"{name}.png")
        self._of_difference(name).unlink(missing_ok=True)

    def strays(self, names: Collection[str]) -> list[Path]:
        """Stored pictures that no page of these names belongs to."""
        return [path for path in sorted(self.stored.iterdir()) if path.name not in {f"{name}.png" for name in names}]

    def _old(self, name: str) -> Image.Image | None:
        path = self.stored / f"{name}.png"
        if not path.exists():
            return None
        with Image.open(path) as picture:
            return picture.convert("RGB")

    def _of_difference(self, name: str) -> Path:
        return self.differences / f"{name}.png"

    def _keep(self, picture: Image.Image, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, optimize=True)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
