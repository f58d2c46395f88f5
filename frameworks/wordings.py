"""The wording of a safeguard, and its digest: what somebody signs off an implementation against. Pure.

All of the definition is in it (statement, what must be shown, kinds of evidence, validity, competence, place, tier), so that a later version that asks
for more under the same slug is another wording.
"""

from dataclasses import asdict

from frameworks.engine.types import Safeguard
from ledger.canonical import digest


def wording_of(framework_name: str, safeguard: Safeguard) -> str:
    """The digest of what this framework says of the safeguard; the same in every version that says the same."""
    return digest({"framework": framework_name, "safeguard": asdict(safeguard)})
