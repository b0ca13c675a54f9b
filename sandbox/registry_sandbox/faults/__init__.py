"""Faults on demand: rules of the shape match -> when -> then, and one module per effect that a rule can have."""
