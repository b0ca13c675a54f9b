"""What the connections to a port have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field

from registry_sandbox.auth.bad_certificate import BadCertificate
from registry_sandbox.http.errors import SandboxError
from registry_sandbox.http.handlers import Handler
from registry_sandbox.http.request import Request
from registry_sandbox.http.response import Response
from registry_sandbox.server.limits import Limits

AccessLine = Callable[[str, Request, Response, float], None]
"""Notes an exchange: takes the client's address, the request, the answer, and when it began on the monotonic clock."""

Refusal = Callable[[SandboxError], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What the connections to a port have in common.

    Attributes:
        handle: answers a request.
        base_url: the configured base, if there is one.
        base_path: the path of the base, below the host that a request names, if no base is configured.
        limits: the bounds of the port.
        access_line: notes every exchange.
        secure: whether the port has TLS.
        bad_certificate: is told how clients take the port's certificate, if that is bad on purpose.
        trust_forwarded: whether to believe a proxy's headers about the URL that the client called.
        refuse: makes the answer to what cannot be read as HTTP.
        receiving: is called with each request whose body has not arrived yet.
        bytes_in_parts: returns how large the body of a request may be that is kept in parts; 0: it is not kept so.
    """

    handle: Handler
    base_url: str | None
    base_path: str
    access_line: AccessLine
    refuse: Refusal
    limits: Limits = field(default_factory=Limits)
    secure: bool = False
    bad_certificate: BadCertificate | None = None
    trust_forwarded: bool = False
    receiving: Callable[[Request], None] = lambda _: None
    bytes_in_parts: Callable[[Request], int] = lambda _: 0
