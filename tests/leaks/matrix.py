"""Every looker at every thing by every route: what comes back is compared with the truth, and scanned.

`leaks(world)` gives all that is wrong, as sentences; nothing is raised, so that mutants can be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from heliograph.core import valkey
from tests.leaks import scanner, truth
from tests.leaks.truth import Truth
from tests.leaks.world import Looker, World
from tests.parts.api import speaker
from tests.parts.api.speaker import Said, Speaker


def leaks(world: World, *, forget: bool = True, first: str = "stranger") -> Iterator[str]:
    """All leaks. `forget`: begin with an empty memory, so that nothing is served from an earlier look.

    `first`: who looks first; the caller knows who will notice what is wrong.
    """
    if forget:
        valkey.call("FLUSHALL")
    speaker.forget_allowances()
    now = truth.load()
    if first == "pictures":
        yield from _pictures(world)
    for name in sorted(world.lookers, key=lambda name: name != first):
        looker = world.lookers[name]
        for what in _by(world, looker, now):
            yield f"{name}: {what}"
    yield from _pictures(world)


def _by(world: World, looker: Looker, now: Truth) -> Iterator[str]:
    yield from _by_api(world, looker, now)
    yield from _untouched(now)
    yield from _pages(world, looker, now)


def _by_api(world: World, looker: Looker, now: Truth) -> Iterator[str]:
    viewer = looker.id
    if viewer is None or now.people[viewer].state != "active":
        yield from _refused(world, looker, now)
        return
    yield from _scanned(looker.api, "/users/self/feed", now, now.feed_of(viewer))
    # A list that is out of date, as after an unfollow whose job still waits.
    valkey.call("LPUSH", f"feed:{viewer}", *sorted(_once_published(now)))
    yield from _scanned(looker.api, "/users/self/feed", now, now.feed_of(viewer))
    yield from _activity(looker.api, viewer, now)
    for owner in world.owners.values():
        yield from _person(looker.api, viewer, owner.id, now)
    for photo in world.photos.values():
        yield from _photo(looker.api, viewer, photo, now)
        yield from _deeds(looker.api, viewer, photo, now)


def _activity(api: Speaker, viewer: int, now: Truth) -> Iterator[str]:
    """What happened to them, read to its end; and everybody whom they may find by a name."""
    said, told = _ask(api, "/users/self/activity?count=7", 200, now)
    found = list(said.data)
    yield from told
    while said.body.get("pagination", {}).get("next_url"):
        said = api.follow_url(said.body["pagination"]["next_url"])
        yield from (f"activity, further on: {leak}" for leak in scanner_of(api, now))
        found += said.data
    happened = sorted(
        (
            entry["kind"],
            int(entry["actor"]["id"]),
            int(entry["media"]["id"].partition("_")[0]) if entry["media"] else 0,
            int(entry["comment"]["id"]) if entry["comment"] else 0,
        )
        for entry in found
        if entry["kind"] != "approval"
    )
    if happened != now.activity_of(viewer):
        yield f"activity: {set(happened) ^ set(now.activity_of(viewer))} too many or too few"
    known = {person.id for person in now.people.values() if now.knows(viewer, person.id)}
    yield from _scanned(api, "/users/search?q=zz&count=100", now, known)


def _untouched(before: Truth) -> Iterator[str]:
    """Whatever was answered: nothing has been written where one may not."""
    now = truth.load()
    for kind in ("people", "photos", "comments", "wishes", "blocks"):
        if getattr(now, kind) != getattr(before, kind):
            yield f"{kind} are others than before"


def _person(api: Speaker, viewer: int, owner: int, now: Truth) -> Iterator[str]:
    knows, sees = now.knows(viewer, owner), now.sees_photos_of(viewer, owner)
    wanted = 200 if sees else 400 if knows else 404
    said, told = _ask(api, f"/users/{owner}", wanted, now)
    yield from told
    if said.status == 200 and sees:
        counts = said.data["counts"]
        truths = {
            "media": len([p for p in now.photos.values() if p.owner == owner and p.state == "published"]),
            "followed_by": len([1 for of, _ in now.follower if of == owner]),
            "follows": len([1 for actor, _ in now.following if actor == owner]),
        }
        if counts != truths:
            yield f"counts of {owner}: {counts} are not {truths}"
    lists = {
        "media/recent": now.published_by(viewer, [owner]),
        "follows": now.followed_by(viewer, owner),
        "followed-by": now.followers_of(viewer, owner),
    }
    for name, ids in lists.items():
        yield from _scanned(api, f"/users/{owner}/{name}", now, ids if sees else None, wanted)
    blocks_them = (viewer, owner) in now.blocks and now.people[owner].state == "active"
    may_ask = knows or (blocks_them and (owner, viewer) not in now.blocks)
    said, told = _ask(api, f"/users/{owner}/relationship", 200 if may_ask else 404, now)
    yield from told
    if said.status == 200 and viewer != owner:
        incoming = said.data["incoming_status"]
        if incoming == "requested_by" and (viewer, owner) not in now.asked:
            yield f"relationship with {owner}: nobody asked"


def _photo(api: Speaker, viewer: int, photo: int, now: Truth) -> Iterator[str]:
    sees = now.sees(viewer, photo)
    wanted = 200 if sees else 404
    for address in (f"/media/{photo}", f"/media/shortcode/{now.photos[photo].code}"):
        said, told = _ask(api, address, wanted, now)
        yield from told
        if said.status == 200:
            yield from (f"{address}: {leak}" for leak in _embedded(viewer, said.data, now))
    comments = now.comments_of(viewer, photo) if sees else None
    likers = now.likers_of(viewer, photo) if sees else None
    yield from _scanned(api, f"/media/{photo}/comments", now, comments, wanted)
    yield from _scanned(api, f"/media/{photo}/likes", now, likers, wanted)


def _embedded(viewer: int | None, media: dict[str, Any], now: Truth) -> Iterator[str]:
    """Comments and likers that stand inside a photo, in its own answer and in every list."""
    photo = int(media["id"].partition("_")[0])
    hidden = {int(said["id"]) for said in media["comments"]["data"]} - now.comments_of(viewer, photo)
    if hidden:
        yield f"comments {hidden} inside photo {photo}"
    hidden = {int(liker["id"]) for liker in media["likes"]["data"]} - now.likers_of(viewer, photo)
    if hidden:
        yield f"likers {hidden} inside photo {photo}"


def _deeds(api: Speaker, viewer: int, photo: int, now: Truth) -> Iterator[str]:
    """What one may not see one may not touch, and is not told whether it is there."""
    owner = now.photos[photo].owner
    if viewer != owner and api.post(f"/media/{photo}", caption="mine now").status == 200:
        yield f"photo {photo} was edited"
    if viewer != owner and api.delete(f"/media/{photo}").status == 200:
        yield f"photo {photo} was deleted"
    if now.sees(viewer, photo):
        return
    for address, fields in (
        (f"/media/{photo}/likes", {}),
        (f"/media/{photo}/comments", {"text": "hello there"}),
    ):
        said = api.post(address, **fields)
        if said.status != 404 or set(scanner_of(api, now)):
            yield f"POST {address}: {said.status}"
    if not now.knows(viewer, owner) and not {(viewer, owner)} & now.blocks:
        said = api.post(f"/users/{owner}/relationship", action="follow")
        if said.status != 404:
            yield f"follow {owner}: {said.status}"


def _refused(world: World, looker: Looker, now: Truth) -> Iterator[str]:
    """Who is not signed in, or suspended, gets nothing from the API."""
    for owner in world.owners.values():
        for end in ("", "/media/recent", "/follows", "/followed-by", "/relationship"):
            yield from _ask(looker.api, f"/users/{owner.id}{end}", 400, now)[1]
    for photo in world.photos.values():
        for end in ("", "/comments", "/likes"):
            yield from _ask(looker.api, f"/media/{photo}{end}", 400, now)[1]
    for address in ("/users/self/feed", "/users/self/activity", "/users/search?q=zz"):
        yield from _ask(looker.api, address, 400, now)[1]


def _pages(world: World, looker: Looker, now: Truth) -> Iterator[str]:
    """The same with a browser."""
    active = looker.id is not None and now.people[looker.id].state == "active"
    viewer = looker.id if active else None
    for address in ("/", "/me", "/requests", "/activity", "/settings", "/settings/blocked"):
        yield from _page(looker, address, None, now)
    for name in ("profile", "privacy", "devices", "appearance", "delete"):
        yield from _page(looker, f"/settings/{name}", None, now)
    for address in ("/about", "/offline"):
        yield from _page(looker, address, 200, now)
    # Of administrators, who nobody here is; of a demo, which this is not.
    for address in ("/ops", "/ops?span=day", "/about/look-around", "/about/photos"):
        yield from _page(looker, address, 404, now)
    yield from _newer(looker, viewer, now)
    for name in ("olga", "pia", "sven", "commenter", "blocker"):
        yield from _page(looker, f"/find?q=zz.{name}", None, now)
        yield from _named(looker, f"zz.{name}", now)
    for owner in world.owners.values():
        found = 200 if now.knows(viewer, owner.id) else 404
        yield from _page(looker, f"/@{owner.username}", found, now)
        yield from _numbers(looker, owner.username, now.sees_photos_of(viewer, owner.id))
        public = 200 if now.sees_photos_of(None, owner.id) and now.knows(viewer, owner.id) else 404
        yield from _page(looker, f"/@{owner.username}/feed.atom", public, now)
        listed = 403 if found == 200 and not now.sees_photos_of(viewer, owner.id) else found
        for end in ("followers", "following"):
            yield from _page(looker, f"/@{owner.username}/{end}", listed if viewer else 303, now)
        yield from _page(looker, f"/@{owner.username}/report", None, now)
    for photo in world.photos.values():
        found = 200 if now.sees(viewer, photo) else 404
        yield from _page(looker, f"/p/{now.photos[photo].code}", found, now)
        for end in ("card", "likes", "report"):
            yield from _page(looker, f"/p/{now.photos[photo].code}/{end}", found if viewer else 303, now)
        # What other programs are given is for everybody or for nobody, and not for who is blocked.
        public = 200 if now.sees(None, photo) and now.sees(viewer, photo) else 404
        yield from _page(looker, f"/p/{now.photos[photo].code}/og.jpg", public, now)
        yield from _page(
            looker, f"/oembed?url=http%3A%2F%2Ftestserver%2Fp%2F{now.photos[photo].code}", public, now
        )
    yield from _reports(looker, viewer, now)


def _newer(looker: Looker, viewer: int | None, now: Truth) -> Iterator[str]:
    """Even a number says no more than there is to see: the list in memory holds everything that ever was."""
    answer = looker.browser.get("/new?since=")
    if viewer is None:
        if answer.status_code != 401:
            yield f"/new: {answer.status_code}"
    elif answer.json()["count"] != len(now.news_of(viewer)):
        yield f"/new: {answer.json()['count']} are not {len(now.news_of(viewer))}"


def _reports(looker: Looker, viewer: int | None, now: Truth) -> Iterator[str]:
    """Only what one sees can be reported, and the form quotes nothing else."""
    for comment in now.comments.values():
        wanted = 303 if viewer is None else 200 if now.reads(viewer, comment.id) else 404
        yield from _page(
            looker, f"/p/{now.photos[comment.photo].code}/comments/{comment.id}/report", wanted, now
        )


def _page(looker: Looker, address: str, wanted: int | None, now: Truth) -> Iterator[str]:
    response = looker.browser.get(address)
    if wanted is not None and response.status_code != wanted:
        yield f"{address}: {response.status_code}, not {wanted}"
    for leak in scanner.leaks_in(response, now):
        if response.status_code not in (302, 303, 404) or not _names(leak, address, now):
            yield f"{address}: {leak}"


def _numbers(looker: Looker, username: str, sees: bool) -> Iterator[str]:
    """How much somebody has and who follows them is for those who see their photos."""
    told = 'class="counts"' in looker.browser.get(f"/@{username}").content.decode()
    if told != sees:
        yield f"/@{username} {'tells' if told else 'keeps back'} numbers"


def _named(looker: Looker, username: str, now: Truth) -> Iterator[str]:
    """Whoever is there for the viewer is found by name, and nobody else."""
    active = looker.id is not None and now.people[looker.id].state == "active"
    person = next(it for it in now.people.values() if it.username == username)
    found = f"/@{username}" in looker.browser.get(f"/find?q={username}").content.decode()
    if found != (active and now.knows(looker.id, person.id)):
        yield f"/find {'knows' if found else 'does not know'} {username}"


def _names(leak: str, address: str, now: Truth) -> bool:
    """Whether a leak is nothing but what the address itself said: a sign-in page says where one wanted to go."""
    parts = address.split("/")
    echoes = {f"id of comment {part}" for part in parts}
    echoes |= {f"code of photo {photo.id}" for photo in now.photos.values() if photo.code in parts}
    return leak in echoes


def _ask(api: Speaker, address: str, wanted: int, now: Truth) -> tuple[Said, list[str]]:
    said = api.get(address)
    told = [f"{address}: {leak}" for leak in scanner_of(api, now)]
    if said.status != wanted:
        told.append(f"{address}: {said.status}, not {wanted}")
    return said, told


def scanner_of(api: Speaker, now: Truth) -> Iterator[str]:
    """What the last answer of this speaker leaks."""
    return scanner.leaks_in(api.last, now)


def _scanned(
    api: Speaker, address: str, now: Truth, ids: set[int] | None, wanted: int = 200
) -> Iterator[str]:
    """A list, read to its end: exactly these ids, or refused."""
    said, told = _ask(api, address, wanted, now)
    yield from told
    if said.status != 200 or ids is None:
        return
    items = list(said.data)
    while said.body.get("pagination", {}).get("next_url"):
        said = api.follow_url(said.body["pagination"]["next_url"])
        yield from (f"{address}, further on: {leak}" for leak in scanner_of(api, now))
        items += said.data
    shown = {int(item["id"].partition("_")[0]) for item in items}
    if shown != ids:
        yield f"{address}: {sorted(shown ^ ids)} too many or too few"
    viewer = scanner.viewer_of(api.last)
    for photo in items:
        if "likes" in photo:
            yield from (f"{address}: {leak}" for leak in _embedded(viewer, photo, now))


def _pictures(world: World) -> Iterator[str]:
    """Addresses that were given out once, and are void."""
    return (f"{url} still serves" for url in world.void if _serves(url))


def _once_published(now: Truth) -> set[int]:
    return {photo.id for photo in now.photos.values() if photo.state in ("published", "deleted")}


def _serves(url: str) -> bool:
    parts = urlsplit(url)
    response: Any = Speaker().client.get(f"{parts.path}?{parts.query}")
    return bool(response.status_code == 200)
