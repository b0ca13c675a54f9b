"""Faults on demand: rules of the shape match -> when -> then; `effects/` has a module for each thing a rule can do."""
