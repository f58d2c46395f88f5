"""The verbs of this room. Nobody else writes its tables."""
