"""The tables beneath the record. Nobody writes them but `ledger.services` and `ledger.delivery`."""

import uuid
from functools import cached_property

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from ledger.canonical import Json
from ledger.entry_format import CLASSES, Commitment, Header, value_of


def _is_hash(field: str) -> Exact:
    return Exact(Length(field), 32)


class Log(models.Model):
    """The one log of this portal, and whether what it records is real."""

    class Mode(models.TextChoices):
        DEMO = "demo"
        PRODUCTION = "production"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveSmallIntegerField(default=1, unique=True)
    mode = models.CharField(max_length=10, choices=Mode)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            # A portal holds one log: demo or production, never both.
            models.CheckConstraint(condition=Q(number=1), name="one_log_per_portal"),
            models.CheckConstraint(condition=Q(mode__in=["demo", "production"]), name="log_mode_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.mode} log {self.id}"


class Head(models.Model):
    """Where the log stands. One row, locked by every append; it carries the peaks, so that an append reads no tree node."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    log = models.OneToOneField(Log, on_delete=models.PROTECT, related_name="head")
    size = models.BigIntegerField(default=0)
    root = models.BinaryField()
    peaks = models.BinaryField(default=b"")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_head"),
            models.CheckConstraint(condition=Q(size__gte=0), name="head_size_is_not_negative"),
            models.CheckConstraint(condition=_is_hash("root"), name="head_root_is_a_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.size} entries under {bytes(self.root).hex()}"


class Entry(models.Model):
    """One fact, sealed. `at` is when it was true, `recorded_at` when the portal learned it."""

    seq = models.BigIntegerField(primary_key=True)
    v = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=120)
    thing = models.CharField(max_length=200)
    # Not a foreign key: people may leave, entries stay.
    actor = models.UUIDField(null=True)
    role = models.CharField(max_length=60, blank=True)
    policy = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    fields_root = models.BinaryField()
    leaf_hash = models.BinaryField()

    class Meta:
        ordering = ["seq"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["kind", "seq"], name="entry_by_kind"),
            models.Index(fields=["thing", "seq"], name="entry_by_thing"),
            models.Index(fields=["actor", "seq"], name="entry_by_actor"),
            models.Index(fields=["recorded_at", "seq"], name="entry_by_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(seq__gte=0), name="entry_seq_is_not_negative"),
            models.CheckConstraint(condition=_is_hash("fields_root"), name="entry_fields_root_is_a_hash"),
            models.CheckConstraint(condition=_is_hash("leaf_hash"), name="entry_leaf_is_a_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind} {self.thing}"

    @cached_property
    def values(self) -> dict[str, Json]:
        """The field values by path, without those purged. Known after `append` and in a consumer; elsewhere prefetch `fields`."""
        return {field.path: value_of(field.text) for field in self.fields.all() if field.text is not None}

    def header(self, log_id: uuid.UUID) -> Header:
        return Header(
            log_id=log_id,
            seq=self.seq,
            kind=self.kind,
            at=self.at,
            recorded_at=self.recorded_at,
            actor=self.actor,
            role=self.role,
            thing=self.thing,
            policy=self.policy,
            fields_root=bytes(self.fields_root),
            v=self.v,
        )


class LedgerField(models.Model):
    """One value of an entry with its salt, beside the sealed entry: both may be purged, their hash stays."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="fields")
    path = models.CharField(max_length=150)
    field_class = models.CharField(max_length=10)
    salt = models.BinaryField(null=True)
    # Null says purged; an empty text would be a value.
    text = models.TextField(null=True)
    hash = models.BinaryField()

    class Meta:
        ordering = ["entry_id", "path"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "path"], name="one_field_per_entry_and_path"),
            models.CheckConstraint(condition=Q(field_class__in=CLASSES), name="field_class_is_known"),
            models.CheckConstraint(condition=_is_hash("hash"), name="field_hash_is_a_hash"),
            # A value without its salt, or the other way round, could never be checked again.
            models.CheckConstraint(
                condition=Q(text=None, salt=None) | Q(text__isnull=False, salt__isnull=False), name="field_is_whole_or_purged"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path} of entry {self.entry_id}"

    def commitment(self) -> Commitment:
        salt = None if self.salt is None else bytes(self.salt)
        return Commitment(self.path, self.field_class, salt, self.text, bytes(self.hash))


class Node(models.Model):
    """The hash of one complete subtree, written once, when its last leaf is. `place` is `tree.Place.number`."""

    place = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(place__gte=0), name="node_place_is_not_negative"),
            models.CheckConstraint(condition=_is_hash("hash"), name="node_hash_is_a_hash"),
        ]

    def __str__(self) -> str:
        return f"node {self.place}"


class Checkpoint(models.Model):
    """A signed statement of the log's size and root, made by the signing process."""

    size = models.BigIntegerField()
    root = models.BinaryField()
    note = models.TextField()
    verifier_key = models.CharField(max_length=300)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["size", "id"]
        constraints = [
            models.UniqueConstraint(fields=["size", "verifier_key"], name="one_checkpoint_per_size_and_key"),
            models.CheckConstraint(condition=Q(size__gt=0), name="checkpoint_is_not_of_an_empty_log"),
            models.CheckConstraint(condition=_is_hash("root"), name="checkpoint_root_is_a_hash"),
        ]

    def __str__(self) -> str:
        return f"checkpoint at {self.size}"


class Cursor(models.Model):
    """How far one consumer has come: `position` is the next entry it will look at."""

    consumer = models.CharField(primary_key=True, max_length=120)
    position = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    # The error's name and place only: its message might quote what must not leave the inside.
    error = models.CharField(max_length=300, blank=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["consumer"]

    def __str__(self) -> str:
        return f"{self.consumer} at {self.position}"


class Verification(models.Model):
    """What one recomputation of the whole log found."""

    at = models.DateTimeField()
    size = models.BigIntegerField()
    root = models.BinaryField()
    sound = models.BooleanField()
    misfit_seq = models.BigIntegerField(null=True)
    misfit = models.TextField(blank=True)
    entries = models.BigIntegerField()
    fields = models.BigIntegerField()
    purged = models.BigIntegerField()
    nodes = models.BigIntegerField()
    checkpoints = models.BigIntegerField()
    rows = models.BigIntegerField(default=0)  # that give power and were held against their entries

    class Meta:
        ordering = ["id"]
        constraints = [
            # A sound log has no misfit, and a broken one says where.
            models.CheckConstraint(condition=Q(sound=True, misfit="") | (Q(sound=False) & ~Q(misfit="")), name="a_broken_log_says_where"),
        ]

    def __str__(self) -> str:
        return f"{'sound' if self.sound else 'broken'} at {self.size}"


# Rows of these are written once. The application's database role may select and insert; triggers refuse the rest to everyone.
APPEND_ONLY_TABLES = (
    Log._meta.db_table,
    Entry._meta.db_table,
    LedgerField._meta.db_table,
    Node._meta.db_table,
    Checkpoint._meta.db_table,
    Verification._meta.db_table,
)
# Rows of these move on, but are never taken away.
UPDATE_ONLY_TABLES = (Head._meta.db_table,)
