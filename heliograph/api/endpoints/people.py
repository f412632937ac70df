"""People: who they are, and what one says about oneself."""

from __future__ import annotations

from typing import Annotated, Any

from heliograph.api import parameters, render
from heliograph.api.endpoint import Call, get, post
from heliograph.api.parameters import PersonId, Upload
from heliograph.flows import edit_profile, homes, upload_photo
from heliograph.pages import profile


@get("/users/{person_id}", gives="User")
def show(call: Call, person_id: PersonId) -> dict[str, Any]:
    """A person. A private one is shown to those who follow them."""
    page = profile.one(call.viewer_id, person_id)
    if not page.visible:
        raise profile.PrivatePerson()
    return render.profile(page)


@post("/users/self", gives="User")
def edit(
    call: Call,
    full_name: Annotated[str | None, parameters.text(60)] = None,
    bio: Annotated[str | None, parameters.text(300)] = None,
    website: Annotated[str | None, parameters.text(200)] = None,
    is_private: Annotated[bool | None, parameters.FLAG] = None,
    avatar: Annotated[Upload | None, parameters.FILE] = None,
) -> dict[str, Any]:
    """Change one's own profile; what is not sent stays."""
    me = call.viewer_id
    if avatar is not None:
        edit_profile.set_avatar(me, upload_photo.accept(me, avatar).id)
    edit_profile.edit(me, full_name=full_name, bio=bio, website=website, private=is_private)
    return render.profile(homes.at_home(me, lambda: profile.one(me, me)))
