"""The effects of faults, one module each."""
