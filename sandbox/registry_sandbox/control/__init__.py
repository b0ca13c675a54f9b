"""The control plane, a module for each of its nouns; each gives the operations that it answers."""
