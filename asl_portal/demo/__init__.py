"""The world the portal shows on a fresh machine: one fictional lab, its models, its people and its logs."""
