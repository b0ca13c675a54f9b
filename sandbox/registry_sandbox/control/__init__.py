"""The control plane: a module for each of its nouns, which returns the operations on it."""
