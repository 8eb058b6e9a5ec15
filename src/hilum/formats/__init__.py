"""Formats: from the bytes that systems send to structures that a flow can read, and back. No I/O."""
