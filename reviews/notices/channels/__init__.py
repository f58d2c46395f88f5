"""The ways out of the portal, one a file."""
