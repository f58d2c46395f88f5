"""What `./portal bench` runs: one module a measure, each against a baseline of its own, both in the same run.

A measure is a module with `TITLE`, `BASELINE`, `TRIED` and `run(quick)`, which answers lines for the page. Times are told as ratios to a baseline that runs
interleaved with what is measured, so that a busy machine slows both.
"""
