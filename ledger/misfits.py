"""What does not fit, said once: where and why."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Misfit:
    """The first thing that does not fit: where (None: not one entry) and what."""

    seq: int | None
    code: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence if self.seq is None else f"Entry {self.seq}: {self.sentence}"


class DoesNotFit(Exception):
    def __init__(self, seq: int | None, code: str, sentence: str) -> None:
        self.misfit = Misfit(seq, code, sentence)
        super().__init__(str(self.misfit))
