"""How much a reader takes on before it refuses. Every reader is given these; tests give smaller ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on bytes, members, nesting and count. Each guards a way in which a small file can cost a large machine."""

    file_bytes: int = 1 << 30
    head_bytes: int = 64 << 10

    archive_members: int = 100_000
    directory_bytes: int = 64 << 20
    member_name_bytes: int = 4096
    member_bytes: int = 1 << 30
    archive_bytes: int = 16 << 30
    read_bytes: int = 32 << 20
    checked_bytes: int = 8 << 20
    checked_members: int = 1000
    ratio: int = 250
    ratio_from_bytes: int = 16 << 20

    json_depth: int = 128
    json_tokens: int = 500_000
    json_skipped_tokens: int = 20_000_000
    json_string: int = 8 << 20
    json_skipped_string: int = 64 << 20
    json_number: int = 4096

    runs: int = 5_000
    measurements: int = 20_000
    facts: int = 300
    fact_characters: int = 500
    name_characters: int = 16_384


LIMITS = Limits()
