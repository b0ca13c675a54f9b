"""The standards' vocabulary, without policy: datatypes, entity tags, OperationOutcome, Bundle."""
