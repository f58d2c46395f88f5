"""Pages of this room: door, form, one verb, render or redirect."""
