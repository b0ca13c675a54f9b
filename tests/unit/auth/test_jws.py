"""The credentials and the form of a token: each error has its own message."""

from collections.abc import Callable

import pytest

from registry_sandbox.auth.jws import base64url


class TestCredentials:
    """Errors of the Authorization header itself."""

    def test_the_longest_header_and_white_space_around_it_are_read(self, messages: Callable[..., list[str]]) -> None:
        """16,384 characters are accepted, and spaces and tabs around them are not counted."""
        [message] = messages("\t " + "Bearer " + "a" * (16_384 - len("Bearer ")) + " \t")
        assert message == "The token has 1 part(s); expected three: header.claims.signature"

    @pytest.mark.parametrize(
        ("authorization", "expected"),
        [
            ([], "The Authorization header is missing"),
            (["Bearer a.b.c", "Bearer a.b.c"], "There are 2 Authorization headers"),
            ([""], "The Authorization header is empty"),
            (["  "], "The Authorization header is empty"),
            (["Bearer"], "There is no token after Bearer"),
            (["Basic c2FuZGJveA=="], "The scheme of the Authorization header is not Bearer"),
            (["a.b.c"], "The scheme of the Authorization header is not Bearer"),
            (["Bearer a b"], "There is white space or a control character inside the token"),
            (["Bearer a\tb"], "There is white space or a control character inside the token"),
            (["Bearer a\x00b"], "There is white space or a control character inside the token"),
            (["Bearer \N{LATIN SMALL LETTER E WITH ACUTE}"], "The Authorization header is not ASCII"),
            (["Bearer \udce9"], "The Authorization header is not ASCII"),
            (["Bearer " + "a" * 16_384], "The Authorization header is too long; expected at most 16384 characters"),
        ],
    )
    def test_is_named(self, authorization: list[str], expected: str, messages: Callable[..., list[str]]) -> None:
        """Each error has its own message."""
        [message] = messages(*authorization)
        assert message.startswith(expected)


class TestForm:
    """Errors of the token's form."""

    @pytest.mark.parametrize(
        ("token", "expected"),
        [
            ("abc", "The token has 1 part(s)"),
            ("a.b", "The token has 2 part(s)"),
            ("a.b.c.d", "The token has 4 part(s)"),
            ("a.b.c.d.e", "The token has five parts, so it is a JWE (encrypted)"),
            ("e30=.e30.AA", "The token is padded"),
            ("e$0.e30.AA", "The token's header cannot be decoded"),
            ("e30.e+0.AA", "The token's claims cannot be decoded"),
            ("e30.e30.A", "The token's signature cannot be decoded"),
            ("e30.e30.AB", "The token's signature cannot be decoded; expected base64url whose unused bits are zero"),
            (".e30.AA", "The token's header cannot be read"),
            ("e30..AA", "The token's claims cannot be read"),
            (base64url(b"[]") + ".e30.AA", "The token's header cannot be used; expected a JSON object"),
            (base64url(b"{") + ".e30.AA", "The token's header cannot be read"),
            (base64url(b"\xff") + ".e30.AA", "The token's header cannot be read"),
            ("e30." + base64url(b'"x"') + ".AA", "The token's claims cannot be used; expected a JSON object"),
            ("e30." + base64url(b'{"exp":1,"exp":2}') + ".AA", "The token's claims cannot be read"),
            ("e30." + base64url(b'{"a":[' + b"[]," * 199 + b"1]}") + ".AA", "The token's claims cannot be read"),
            ("e30." + base64url(b'{"exp":NaN}') + ".AA", "The token's claims cannot be read"),
            ("e30." + base64url(b'{"exp":-Infinity}') + ".AA", "The token's claims cannot be read"),
            ("e30." + base64url(b'{"exp":' + b"9" * 5000 + b"}") + ".AA", "The token's claims cannot be read"),
            ("e30." + base64url(b'{"a":' + b"[" * 10_000) + ".AA", "The token's claims cannot be read"),
            ("e30." + base64url(b'{"a":' * 2_000 + b"1" + b"}" * 2_000) + ".AA", "The token's claims cannot be read"),
        ],
    )
    def test_is_named(self, token: str, expected: str, messages: Callable[..., list[str]]) -> None:
        """The message names the part and the error."""
        [message] = messages(f"Bearer {token}")
        assert message.startswith(expected)

    def test_two_hundred_brackets_are_not_too_many(self, messages: Callable[..., list[str]]) -> None:
        """The claims can be read, so the errors are those of the header."""
        claims = base64url(b'{"a":[' + b"[]," * 198 + b"1]}")
        assert messages(f"Bearer e30.{claims}.AA")[0] == "Header alg is missing; expected RS256"
