"""Telling people: `recipients` says whom and why, `hear` turns ledger entries into rows, `compose` finds the words, `send` brings them out."""
