"""Whom a text names hears of it: a mirrored row with each of them, on and off with the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from heliograph.activity import mentions
from heliograph.flows import homes
from heliograph.sharding import outbox
from heliograph.sharding.sessions import Tx


def in_caption(tx: Tx, photo_id: int, *texts: Iterable[Mapping[str, Any]]) -> None:
    """Have a photo's mentions mirrored. `texts`: the entities of its caption, before and after the change."""
    tx.project_all("mention_caption", mentions.pairs(photo_id, *texts))


def in_comment(tx: Tx, comment_id: int, *texts: Iterable[Mapping[str, Any]]) -> None:
    """The same for a comment."""
    tx.project_all("mention_comment", mentions.pairs(comment_id, *texts))


def _mirror(kind: str, read: Any) -> outbox.Mirror:
    return outbox.register(
        outbox.Mirror(
            kind,
            source_of=lambda text_id, person_id: text_id,
            target_of=lambda text_id, person_id: person_id,
            read=read,
            apply=mentions.arrive,
            write=homes.write_person,
        )
    )


CAPTION = _mirror("mention_caption", mentions.read_captions)
COMMENT = _mirror("mention_comment", mentions.read_comments)
