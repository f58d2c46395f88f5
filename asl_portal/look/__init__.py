"""How things are shown: marks, states and the writing of numbers, times and digests. Pure; the tags in `templatetags/look.py` use it."""
