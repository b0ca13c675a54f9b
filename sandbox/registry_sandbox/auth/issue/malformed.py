"""What a tester may change in a good token, to make a malformed one."""

from collections.abc import Collection, Mapping


class NoSuchClaim(ValueError):
    """A claim shall be left out, but the token does not have it."""


def changed(
    claims: Mapping[str, object], replacements: Mapping[str, object] | None, without: Collection[str]
) -> dict[str, object]:
    """Return the claims with `replacements` added or put in their place, and without those named.

    Raises:
        NoSuchClaim: a name in `without` is not a claim, so the token would not become malformed as intended.
    """
    content = {**claims, **(replacements or {})}
    for name in without:
        if name not in content:
            known = ", ".join(content)
            raise NoSuchClaim(f"without names {name[:40]!r}, which is not a claim of this token; expected {known}")
    return {name: value for name, value in content.items() if name not in without}
