"""The peers: the sandbox beside general mock servers and a FHIR server, in the same conversation."""
