"""The verdict on the client: rules about what clients did, and the reports that tell it."""
