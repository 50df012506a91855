"""An independent witness: network files evaluated by PyTorch, and random networks to ask it about.

Nothing here reads a network or a formula with symbp; the tables are walked as ``tomllib`` gives
them, and formulas are read with Python's own ``ast``.
"""
