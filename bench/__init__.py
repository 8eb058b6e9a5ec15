"""Benchmarks: each measures, beside its peer or its limit in the same run, and says the target."""
