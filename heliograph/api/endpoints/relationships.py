"""What there is between two people, and the deeds that change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from heliograph.api import render
from heliograph.api.endpoint import Call, get, post
from heliograph.api.parameters import BadValue, Kind, PersonId
from heliograph.flows import block, follow
from heliograph.pages import profile

#: Each is done by whoever asks (first) to a person (second).
_DEEDS: Final[dict[str, Callable[[int, int], object]]] = {
    "follow": follow.follow,
    "unfollow": follow.unfollow,
    "block": block.block,
    "unblock": block.unblock,
    "approve": follow.approve,
    "ignore": follow.deny,
    "deny": follow.deny,
    "remove": follow.remove,
}


def _deed(raw: Any) -> Callable[[int, int], object]:
    deed = _DEEDS.get(raw) if isinstance(raw, str) else None
    if deed is None:
        raise BadValue("must be one of " + ", ".join(_DEEDS))
    return deed


DEED = Kind(_deed, {"type": "string", "enum": list(_DEEDS)}, "`ignore` and `deny` are the same.")


@get("/users/{person_id}/relationship", gives="Relationship", scope="relationships")
def show(call: Call, person_id: PersonId) -> dict[str, Any]:
    """What there is between oneself and a person."""
    return render.relationship(profile.relationship(call.viewer_id, person_id))


@post("/users/{person_id}/relationship", gives="Relationship", scope="relationships")
def change(
    call: Call, person_id: PersonId, action: Annotated[Callable[[int, int], object], DEED]
) -> dict[str, Any]:
    """Follow, approve, block, and the ways back."""
    action(call.viewer_id, person_id)
    return render.relationship(profile.relationship(call.viewer_id, person_id))
