"""Bodies are read: one strict reader per format, compiled from the type facts, and the writers beside them."""
