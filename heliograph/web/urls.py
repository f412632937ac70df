"""The addresses of this door."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from heliograph.web import (
    activity_views,
    appearance_views,
    comment_views,
    demo_views,
    device_views,
    find_views,
    home_views,
    media_views,
    ops_views,
    part_views,
    people_views,
    photo_views,
    place_views,
    post_views,
    profile_views,
    report_views,
    settings_views,
    share_views,
)
from heliograph.web.converters import PhotoCode, Username

register_converter(PhotoCode, "code")
register_converter(Username, "name")

urlpatterns: list[URLPattern | URLResolver] = [
    # what is looked at most: they are tried in this order
    path("", home_views.home, name="home"),
    path("m/<str:token>/<str:size>.jpg", media_views.picture, name="picture"),
    path("p/<code:photo_id>", photo_views.photo, name="photo"),
    path("@<name:username>", profile_views.profile, name="profile"),
    path("@<name:username>/followers", profile_views.followers, name="followers"),
    path("@<name:username>/following", profile_views.following, name="following"),
    path("find", find_views.find, name="find"),
    path("activity", activity_views.activity, name="activity"),
    path("activity/unread.json", activity_views.unread, name="unread"),
    # photos
    path("new", home_views.new, name="new"),
    path("post", post_views.compose, name="post"),
    path("post/uploads", post_views.upload, name="upload"),
    path("post/uploads/start", part_views.start, name="upload-start"),
    path("post/uploads/parts/<str:token>", part_views.part, name="upload-part"),
    path("post/uploads/<int:upload_id>/previews", post_views.previews, name="previews"),
    path("post/uploads/<int:upload_id>/preview.jpg", post_views.preview, name="preview"),
    path("p/<code:photo_id>/card", photo_views.card, name="photo-card"),
    path("p/<code:photo_id>/like", photo_views.like, name="like"),
    path("p/<code:photo_id>/likes", photo_views.likers, name="likers"),
    path("p/<code:photo_id>/report", report_views.photo, name="report-photo"),
    path("p/<code:photo_id>/comments/<int:comment_id>/report", report_views.comment, name="report-comment"),
    path("p/<code:photo_id>/og.jpg", share_views.picture, name="public-picture"),
    path("p/<code:photo_id>/og-<int:size>.jpg", share_views.picture, name="public-picture-of-size"),
    path("p/<code:photo_id>/edit", photo_views.edit, name="edit-photo"),
    path("p/<code:photo_id>/delete", photo_views.delete, name="delete-photo"),
    path("p/<code:photo_id>/retry", photo_views.retry, name="retry-photo"),
    path("p/<code:photo_id>/comments", comment_views.add, name="comment"),
    path("p/<code:photo_id>/comments/<int:comment_id>/delete", comment_views.remove, name="delete-comment"),
    path("find/results", find_views.results, name="find-results"),
    path("find/people.json", find_views.people, name="complete-people"),
    path("find/tags.json", find_views.tags, name="complete-tags"),
    path("places/near", place_views.near, name="places-near"),
    path("places/find", place_views.find, name="places-find"),
    path("me", profile_views.me, name="me"),
    # people
    path("@<name:username>/feed.atom", share_views.newest, name="atom"),
    path("@<name:username>/report", report_views.person, name="report-person"),
    path("@<name:username>/block", people_views.block_page, name="block-page"),
    path("requests", people_views.requests, name="requests"),
    path("people/<int:person_id>/follow", people_views.follow, name="follow"),
    path("people/<int:person_id>/answer", people_views.answer, name="answer"),
    path("people/<int:person_id>/remove", people_views.remove, name="remove"),
    path("people/<int:person_id>/block", people_views.block, name="block"),
    # for administrators
    path("ops", ops_views.ops, name="ops"),
    # for other programs
    path("oembed", share_views.oembed, name="oembed"),
    path("robots.txt", share_views.robots, name="robots"),
    # settings
    path("settings", settings_views.settings, name="settings"),
    path("settings/profile", settings_views.profile, name="edit-profile"),
    path("settings/avatar", settings_views.avatar, name="edit-avatar"),
    path("settings/privacy", settings_views.privacy, name="privacy"),
    path("settings/devices", device_views.devices, name="devices"),
    path("settings/appearance", appearance_views.appearance, name="appearance"),
    path("settings/blocked", settings_views.blocked, name="blocked"),
    # the demo of bin/up --demo
    path("about/photos", demo_views.photographs, name="demo-photographs"),
    path("about/look-around", demo_views.look_around, name="look-around"),
    path("", include("heliograph.web.accounts_urls")),
    path("", include("heliograph.web.frame_urls")),
]
