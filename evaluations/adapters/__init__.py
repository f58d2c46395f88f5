"""Readers of evaluation result files: bytes in, frozen values out. No Django, no clock, no disk."""
