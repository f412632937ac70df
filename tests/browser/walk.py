"""The pages and their states that the browser looks at. A house test sees that none is forgotten."""

from __future__ import annotations

from tests.browser.scene import LONG_NAME

#: name: (who looks, address, status). Several addresses of one pattern are several states.
PAGES = {
    "landing": ("", "/", 200),
    "sign-in": ("", "/sign-in", 200),
    "sign-up": ("", "/sign-up", 200),
    "forgotten-password": ("", "/password/forgotten", 200),
    "reset-password": ("", "/password/reset/nonsense", 400),
    "verify-address": ("", "/email/verify/nonsense", 400),
    "profile-of-guest": ("", "/@alice", 200),
    "photo-of-guest": ("", "{photo}", 200),
    "nothing-here": ("", "/@nobody.here", 404),
    "home": ("alice", "/", 200),
    "home-empty": ("erin", "/", 200),
    "find": ("alice", "/find", 200),
    "find-bob": ("alice", "/find?q=bob", 200),
    "find-nobody": ("alice", "/find?q=nobody.here", 200),
    "post": ("alice", "/post", 200),
    "photo": ("alice", "{photo}", 200),
    "likers": ("alice", "{photo}/likes", 200),
    "report-photo": ("erin", "{photo}/report", 200),
    "report-photo-thanks": ("erin", "{photo}/report?thanks=1", 200),
    "report-person": ("alice", "/@bob/report", 200),
    "edit-photo": ("alice", "{photo}/edit", 200),
    "delete-photo": ("alice", "{photo}/delete", 200),
    "profile": ("alice", "/@alice", 200),
    "profile-empty": ("erin", "/@erin", 200),
    "profile-private": ("erin", f"/@{LONG_NAME}", 200),
    "followers": ("alice", "/@alice/followers", 200),
    "followers-none": ("erin", "/@erin/followers", 200),
    "following": ("alice", "/@alice/following", 200),
    "block-page": ("alice", "/@bob/block", 200),
    "activity": ("alice", "/activity", 200),
    "activity-none": ("erin", "/activity", 200),
    "requests": ("long", "/requests", 200),
    "requests-none": ("erin", "/requests", 200),
    "settings": ("alice", "/settings", 200),
    "edit-profile": ("alice", "/settings/profile", 200),
    "privacy": ("alice", "/settings/privacy", 200),
    "devices": ("alice", "/settings/devices", 200),
    "appearance": ("alice", "/settings/appearance", 200),
    "blocked": ("alice", "/settings/blocked", 200),
    "blocked-none": ("erin", "/settings/blocked", 200),
    "change-password": ("alice", "/settings/password", 200),
    "delete-account": ("alice", "/settings/delete", 200),
    "email-address": ("alice", "/settings/email", 200),
    "about": ("alice", "/about", 200),
    "about-guest": ("", "/about", 200),
    "offline": ("alice", "/offline", 200),
    "ops": ("alice", "/ops", 200),
    "ops-day": ("alice", "/ops?span=day", 200),
    "ops-of-nobody": ("erin", "/ops", 404),
    "missing": ("alice", "/p/nothing", 404),
}

#: Addresses that are no pages of their own, and why.
NO_PAGES = {
    "unread": "JSON for the dot on a tab",
    **dict.fromkeys(
        ("upload", "upload-start", "upload-part", "previews", "places-near", "places-find"),
        "JSON for the composer",
    ),
    **dict.fromkeys(("complete-people", "complete-tags"), "JSON for words that are being typed"),
    **dict.fromkeys(("find-results", "new", "photo-card"), "a part of a page"),
    **dict.fromkeys(("like", "comment", "delete-comment", "retry-photo"), "a form's address"),
    **dict.fromkeys(("follow", "answer", "remove", "block"), "a form's address"),
    **dict.fromkeys(("edit-avatar", "sign-out", "email-address-again", "keep-account"), "a form's address"),
    "me": "leads to the profile",
    **dict.fromkeys(("manifest", "worker", "favicon"), "what a browser asks for by itself"),
    **dict.fromkeys(("picture", "preview"), "bytes"),
    **dict.fromkeys(
        ("demo-photographs", "look-around"), "in a demo alone: looked at in tests/stories/test_demo.py"
    ),
    **dict.fromkeys(("atom", "oembed", "robots"), "for other programs"),
    **dict.fromkeys(("public-picture", "public-picture-of-size"), "bytes"),
    "report-comment": "the same page as for a photo",
    "administrator-link": "looked at in tests/stories",
}
