"""The verbs of the board. Each is one transaction: lock, ask the policy, change, enter it in the ledger."""
