"""HTTP as values: requests, responses, headers, negotiation, errors and outcomes. Nothing here knows a socket."""
