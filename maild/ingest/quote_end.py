"""What stands under an author's last words: signature, list footer, telephone's greeting, sign-off."""

from __future__ import annotations

from collections.abc import Sequence

from maild.ingest.quote_signs import CLOSING, LIST_FOOTER, NAME, RULE, SIGNATURE, SLASHED_NAME, is_sent_from


def tidy(lines: Sequence[str], seen: Sequence[str], *, closing: bool) -> str:
    """The lines without what a program puts at their end, and without a closing unless that is to be kept.

    A program's are a signature, a list's footer, a telephone's greeting.
    """
    end = min(len(lines), len(seen))
    if len(lines) > len(seen):
        return "\n".join(lines).strip()
    end = _before_signature(seen, end)
    while end > 0 and (not seen[end - 1] or RULE.match(seen[end - 1]) or is_sent_from(seen[end - 1])):
        if seen[end - 1] and RULE.match(seen[end - 1]) and end == len(seen):
            break
        end -= 1
    return "\n".join(lines[: end if closing else _before_closing(seen, end)]).strip()


def _before_closing(seen: Sequence[str], end: int) -> int:
    """Where "Kind regards," and a name begin, the last lines of a paragraph by themselves; else the end.

    A closing without a name, a name without one, and one with more under it (a telephone number) are words as others.
    """
    if end < 3 or not NAME.match(seen[end - 1].removeprefix("/")):
        return end
    if SLASHED_NAME.match(seen[end - 1]) and not seen[end - 2]:
        start = end - 1
    else:
        start = end - 2 if seen[end - 2] else end - 3
        if start < 1 or seen[start - 1] or not CLOSING.match(seen[start]):
            return end
    above = next((line for line in reversed(seen[:start]) if line), ":")
    return end if above.endswith((":", "：")) else start


def _before_signature(seen: Sequence[str], end: int) -> int:
    """Where the signature begins: RFC 3676 section 4.3, and short enough to be one."""
    for n in range(end - 1, max(end - 40, 0), -1):
        if not seen[n].startswith(("--", "__")):
            continue
        following = [line for line in seen[n + 1 : end] if line]
        if SIGNATURE.match(seen[n]) and len(following) <= 20:
            return n
        if LIST_FOOTER.match(seen[n]) and 0 < len(following) <= 6 and any("list" in line for line in following):
            return n
    return end
