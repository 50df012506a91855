"""Rewrites of a step's instructions, each with its condition; ``ALL`` in the order in which they run."""
