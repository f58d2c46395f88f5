"""How an entry of the board is appended: by whom it was done, and by what signature."""

from datetime import datetime
from typing import Any

from ledger.models import Entry
from ledger.services import append
from people.models import Person, Signature
from people.signing import signature_fields


def append_by(
    kind: str, thing: str, actor: Person | None, at: datetime, fields: dict[str, Any], *, role: str = "", policy: str = ""
) -> Entry:
    return append(kind=kind, thing=thing, actor=actor.pk if actor else None, at=at, fields=fields, role=role, policy=policy)


def append_signed(kind: str, thing: str, signature: Signature, at: datetime, fields: dict[str, Any]) -> Entry:
    """What somebody did by putting their name to a statement: in the role, and under the policy, that the statement says."""
    told = fields | signature_fields(signature)
    return append_by(kind, thing, signature.person, at, told, role=signature.role, policy=signature.policy)
