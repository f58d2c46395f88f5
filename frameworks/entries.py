"""What we tell the ledger about frameworks."""

from collections.abc import Iterable
from datetime import datetime

from frameworks.models import FrameworkVersion, IndicatorVersion
from ledger.entry_format import PUBLIC
from ledger.models import Entry
from ledger.sentences import describe
from ledger.services import append
from people.models import Person, Signature
from people.signing import signature_fields

LOADED = "frameworks:version:loaded"
ADOPTED = "frameworks:version:adopted"


def version_loaded(version: FrameworkVersion, *, actor: Person | None, at: datetime) -> Entry:
    return _append(LOADED, version, actor, at, {})


def version_adopted(
    version: FrameworkVersion,
    *,
    proposed: Signature,
    confirmed: Signature,
    registered: Iterable[IndicatorVersion],
    at: datetime,
) -> Entry:
    """The adoption, the version it takes over from, both signatures, and the indicator versions that count from this entry on."""
    fields = adopted_fields(version, proposed=proposed, confirmed=confirmed) | {
        "indicators": [f"{each.slug} {each.digest}" for each in registered]
    }
    return _append(ADOPTED, version, confirmed.person, at, fields, role=confirmed.role, policy=confirmed.policy)


def adopted_fields(version: FrameworkVersion, *, proposed: Signature, confirmed: Signature) -> dict[str, object]:
    """What a version in force says of its adoption, besides the indicators it registered."""
    fields: dict[str, object] = {"supersedes": version.predecessor.digest if version.predecessor is not None else ""}
    for role, signature in (("proposed", proposed), ("confirmed", confirmed)):
        fields |= {f"{role}_{name}": value for name, value in signature_fields(signature).items()}
    return fields | _named(version)


def _append(
    kind: str,
    version: FrameworkVersion,
    actor: Person | None,
    at: datetime,
    fields: dict[str, object],
    *,
    role: str = "",
    policy: str = "",
) -> Entry:
    named = _named(version)
    return append(
        kind=kind,
        thing=f"version:{version.pk}",
        actor=actor.pk if actor is not None else None,
        role=role,
        policy=policy,
        at=at,
        fields=named | fields,
        classes=dict.fromkeys(named, PUBLIC),
    )


def _named(version: FrameworkVersion) -> dict[str, object]:
    return {"name": version.name, "version": version.version, "revision": version.revision, "digest": version.digest}


describe(LOADED, "{actor} loaded {name} {version}, revision {revision}, as a draft.")
describe(ADOPTED, "{actor} confirmed {name} {version}, revision {revision}: it is in force.")
