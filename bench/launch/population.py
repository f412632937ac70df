"""Who does what: people with tokens, whom they follow, what they look at. Invented, the same for the same seed.

Popularity is Zipf's: of people in the order of their fame, number r is followed in proportion to 1/r. Activity is
skewed the other way, by lot: half of all visits are by a quarter of the people.
"""

from __future__ import annotations

import math
import random
from collections import deque


class Population:
    """Everybody who can do something. `ids` stand in the order of fame, `tokens` beside them."""

    def __init__(self, people: list[tuple[int, bytes]], chance: random.Random) -> None:
        self.chance = chance
        self.ids = [id for id, _ in people]
        self._active = list(people)
        chance.shuffle(self._active)
        self._by_id = dict(people)
        #: (who, photo) that somebody has just seen, for likes and comments
        self.seen: deque[tuple[bytes, bytes]] = deque(maxlen=4000)
        #: newcomers who have not followed anybody yet: their tokens, once for each follow to come
        self.to_follow: deque[tuple[int, bytes]] = deque()
        self.joined = 0

    def __len__(self) -> int:
        return len(self._active)

    def join(self, id: int, token: bytes, follows: int) -> None:
        """Somebody new: as active as anybody, the least famous of all, and about to follow a few."""
        active = self._active
        place = self.chance.randrange(len(active) + 1)
        active.append((id, token))
        active[place], active[-1] = active[-1], active[place]
        self.ids.append(id)
        self.joined += 1
        for _ in range(follows):
            self.to_follow.append((id, token))

    def visitor(self) -> tuple[int, bytes]:
        """Somebody who opens the app."""
        return self._active[int(len(self._active) * self.chance.random() ** 2)]

    def poster(self) -> bytes:
        """Somebody who posts: one in two is famous, the others are whoever is here."""
        if self.chance.random() < 0.5:
            token = self._by_id.get(self.famous())
            if token is not None:
                return token
        return self.visitor()[1]

    def famous(self) -> int:
        """Somebody to follow: number r of the famous in proportion to 1/r."""
        ids = self.ids
        return ids[int(math.exp(self.chance.random() * math.log(len(ids) + 1))) - 1]

    def follower(self) -> tuple[int, bytes]:
        """Somebody who follows one more: a newcomer, while there is one."""
        return self.to_follow.popleft() if self.to_follow else self.visitor()
