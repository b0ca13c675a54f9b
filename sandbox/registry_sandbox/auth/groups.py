"""The two groups that decide what a client may do: readers may read, writers may read and write.

The pages say that group membership decides, but publish no group id. These two ids are fixed constants of the sandbox,
so that a user's own issuer can put them in its tokens.
Source: Register, Cancel (403); `groups` is a claim of Azure AD v1, not of RFC 7519.
"""

from typing import Final

READERS: Final = "6f1d1c52-5a0e-4a5e-9d0b-2f6b8f3a7e01"
WRITERS: Final = "6f1d1c52-5a0e-4a5e-9d0b-2f6b8f3a7e02"
