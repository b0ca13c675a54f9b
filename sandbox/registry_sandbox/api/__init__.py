"""The FHIR API: routing, the pipeline, and one module for each interaction."""
