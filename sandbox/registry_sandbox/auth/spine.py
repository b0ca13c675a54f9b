"""The vocabulary of Spine tokens: the fixed header, the scopes, the lifetime, the identifier systems.

Source: Care Connect and GP Connect, cross-organisation audit and provenance.
"""

from collections.abc import Mapping
from typing import Final

HEADER: Final[Mapping[str, str]] = {"alg": "none", "typ": "JWT"}
LIFETIME_S: Final = 300
READ_SCOPE: Final = "patient/appointment.read"
WRITE_SCOPE: Final = "patient/appointment.write"
ODS_SYSTEM: Final = "https://fhir.nhs.uk/Id/ods-organization-code"
SDS_USER_SYSTEM: Final = "https://fhir.nhs.uk/Id/sds-user-id"
SDS_ROLE_SYSTEM: Final = "https://fhir.nhs.uk/Id/sds-role-profile-id"
