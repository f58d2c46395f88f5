"""The embedded default: PostgreSQL, Valkey, web, worker and signer as real processes under one supervisor, with no system service.

Nothing here imports Django: the supervisor runs before there is a database, and outlives every child.
"""
