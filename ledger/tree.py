"""The Merkle tree of RFC 6962 / RFC 9162 over SHA-256: roots, and proofs of inclusion and consistency.

A *place* names one complete subtree: the `2**level` leaves from `index * 2**level`. A *span* is a run of places that together hash
to one node of a proof. Spans say which stored nodes a proof needs, so a proof over a long log reads O(log n) rows.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class ProofDoesNotFit(ValueError):
    """A proof does not show what it claims; `code` names the first misfit, the message says it in words."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Place:
    level: int
    index: int

    @property
    def number(self) -> int:
        """One integer for each place: its position in an in-order walk (leaves are even, what joins them stands between)."""
        return ((2 * self.index + 1) << self.level) - 1


Span: TypeAlias = tuple[Place, ...]


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def joined(hashes: Sequence[bytes]) -> bytes:
    """The hash of neighbouring complete subtrees, given from left (largest) to right."""
    if not hashes:
        return EMPTY_ROOT
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


class Growth:
    """A tree that grows leaf by leaf, holding only the hashes of its complete subtrees from left to right (its peaks)."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError(f"A tree of {size} leaves has {size.bit_count()} peaks, not {len(self.peaks)}.")

    @property
    def root(self) -> bytes:
        return joined(self.peaks)

    def add(self, leaf: bytes) -> list[tuple[Place, bytes]]:
        """Adds one leaf hash; returns every subtree it completes, the leaf itself first."""
        place, current = Place(0, self.size), leaf
        completed = [(place, current)]
        while place.index % 2:
            current = node_hash(self.peaks.pop(), current)
            place = Place(place.level + 1, place.index // 2)
            completed.append((place, current))
        self.peaks.append(current)
        self.size += 1
        return completed


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes; of none, the hash of the empty string."""
    growth = Growth()
    for leaf in leaves:
        growth.add(leaf)
    return growth.root


def span(start: int, end: int) -> Span:
    """The complete subtrees that cover the leaves from `start` up to `end`; `start` must be where a subtree of that size may begin."""
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start % (1 << level):
            raise ValueError(f"No subtree of {1 << level} leaves begins at {start}.")
        places.append(Place(level, start >> level))
        start += 1 << level
    return tuple(places)


def inclusion_spans(index: int, size: int) -> tuple[Span, ...]:
    """What an inclusion proof of leaf `index` in a tree of `size` leaves is made of, from the leaf's sibling up."""
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    return tuple(_inclusion(index, 0, size))[::-1]


def consistency_spans(old: int, new: int) -> tuple[Span, ...]:
    """What a proof that a tree of `new` leaves extends one of `old` is made of."""
    if not 0 < old <= new:
        raise ValueError(f"A tree of {new} leaves cannot be shown to extend one of {old}.")
    return tuple(_consistency(old, 0, new, True))[::-1]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    return _read(leaves, inclusion_spans(index, len(leaves)))


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    return _read(leaves, consistency_spans(old, len(leaves)))


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises `ProofDoesNotFit` unless the proof shows that `leaf` is number `index` of the `size` leaves under `root`."""
    _check_hashes(("leaf", leaf), ("root", root), *(("proof", item) for item in proof))
    if not 0 <= index < size:
        raise ProofDoesNotFit("index_outside_tree", f"A tree of {size} leaves has no leaf {index}.")
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    _check_length(proof, inner + border)
    result = leaf
    for level, item in enumerate(proof[:inner]):
        result = node_hash(item, result) if index >> level & 1 else node_hash(result, item)
    for item in proof[inner:]:
        result = node_hash(item, result)
    if result != root:
        raise ProofDoesNotFit("root_differs", "The proof leads to another root.")


def verify_consistency(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises `ProofDoesNotFit` unless the proof shows that the tree of `new` leaves begins with the tree of `old` leaves.

    An old size of zero is refused: any tree extends the empty one, so such a proof shows nothing.
    """
    _check_hashes(("old root", old_root), ("new root", new_root), *(("proof", item) for item in proof))
    if old <= 0:
        raise ProofDoesNotFit("old_size_not_positive", "The old tree must have at least one leaf.")
    if old > new:
        raise ProofDoesNotFit("tree_shrank", f"A tree of {new} leaves cannot extend one of {old}.")
    if old == new:
        _check_length(proof, 0)
        if old_root != new_root:
            raise ProofDoesNotFit("old_root_differs", "Two trees of the same size have different roots.")
        return
    _check_growth(old, new, old_root, new_root, list(proof))


def _check_growth(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> None:
    # The algorithm of RFC 9162, section 2.1.4.2.
    if old & (old - 1) == 0:
        proof = [old_root, *proof]
    if not proof:
        raise ProofDoesNotFit("proof_length", "The proof is empty.")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = proof[0]
    for item in proof[1:]:
        if sn == 0:
            raise ProofDoesNotFit("proof_length", "The proof is longer than the tree is deep.")
        if fn & 1 or fn == sn:
            first, second = node_hash(item, first), node_hash(item, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, item)
        fn, sn = fn >> 1, sn >> 1
    if first != old_root:
        raise ProofDoesNotFit("old_root_differs", "The proof leads to another old root.")
    if second != new_root:
        raise ProofDoesNotFit("new_root_differs", "The proof leads to another new root.")
    if sn:
        raise ProofDoesNotFit("proof_length", "The proof is shorter than the tree is deep.")


def _inclusion(index: int, start: int, end: int) -> Iterator[Span]:
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            yield span(middle, end)
            end = middle
        else:
            yield span(start, middle)
            start = middle


def _consistency(old: int, start: int, end: int, whole: bool) -> Iterator[Span]:
    # `whole`: the old tree is exactly what is left, so the verifier knows its hash already.
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            yield span(middle, end)
            end = middle
        else:
            yield span(start, middle)
            start, whole = middle, False
    if not whole:
        yield span(start, end)


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _read(leaves: Sequence[bytes], spans: Iterable[Span]) -> list[bytes]:
    return [joined([_subtree(leaves, place) for place in one]) for one in spans]


def _subtree(leaves: Sequence[bytes], place: Place) -> bytes:
    return root(leaves[place.index << place.level : (place.index + 1) << place.level])


def _check_hashes(*named: tuple[str, bytes]) -> None:
    for name, value in named:
        if len(value) != HASH_BYTES:
            raise ProofDoesNotFit("hash_length", f"A hash ({name}) has {len(value)} bytes instead of {HASH_BYTES}.")


def _check_length(proof: Sequence[bytes], expected: int) -> None:
    if len(proof) != expected:
        raise ProofDoesNotFit("proof_length", f"The proof has {len(proof)} hashes; {expected} are needed.")
