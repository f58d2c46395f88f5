"""The words a program asks the gate with."""

from typing import Literal

ARTEFACT = r"^sha256:[0-9a-f]{64}$"
# Empty where no stack is named.
STACK = r"^(sha256:[0-9a-f]{64})?$"
GateScope = Literal["internal", "internal_high_risk", "trusted_users", "external", "evaluation_access"]
