"""Which rules are in force, held against the ledger: a version that two people did not adopt gives itself away."""

from collections.abc import Iterator

from frameworks import entries
from frameworks.models import FrameworkVersion
from ledger.rows import Told, told_as
from people.rows import fault_of


@told_as(entries.ADOPTED)
def adopted_versions() -> Iterator[Told]:
    for version in FrameworkVersion.objects.filter(adopted_at__isnull=False).select_related("proposed", "confirmed", "predecessor"):
        assert version.proposed is not None and version.confirmed is not None
        assert version.proposed_by_id is not None and version.confirmed_by_id is not None
        fault = fault_of(version.proposed, person=version.proposed_by_id) or fault_of(version.confirmed, person=version.confirmed_by_id)
        fields = entries.adopted_fields(version, proposed=version.proposed, confirmed=version.confirmed)
        yield Told(f"framework version {version.pk}", f"version:{version.pk}", fields, version.confirmed_by_id, fault)
