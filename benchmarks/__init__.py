"""This package beside `deeplake.integrations.labelbox`, on the same machine, in one run.

Run all of them with ``python -m benchmarks``; see ``python -m benchmarks --help``.
"""
