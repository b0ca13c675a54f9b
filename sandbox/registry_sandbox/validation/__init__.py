"""Whether a resource can be read, and whether it conforms: schema, profiles, invariants."""
