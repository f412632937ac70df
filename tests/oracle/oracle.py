"""What a home feed is, in twenty lines, from nothing but what people did. It imports nothing of the network."""


class Oracle:
    def __init__(self) -> None:
        self.photos: dict[int, str] = {}  # published, and whose
        self.follows: set[tuple[str, str]] = set()
        self.requests: set[tuple[str, str]] = set()
        self.blocks: set[tuple[str, str]] = set()
        self.private: set[str] = set()

    def follow(self, actor: str, owner: str) -> None:
        if not {(actor, owner), (owner, actor)} & self.blocks and (actor, owner) not in self.follows:
            (self.requests if owner in self.private else self.follows).add((actor, owner))

    def part(self, actor: str, owner: str) -> None:
        self.follows.discard((actor, owner))
        self.requests.discard((actor, owner))

    def approve(self, owner: str, actor: str) -> None:
        if (actor, owner) in self.requests:
            self.requests.remove((actor, owner))
            self.follows.add((actor, owner))

    def block(self, actor: str, other: str) -> None:
        self.blocks.add((actor, other))
        self.part(actor, other)
        self.part(other, actor)

    def go(self, owner: str, *, private: bool) -> None:
        (self.private.add if private else self.private.discard)(owner)
        for actor, asked in [r for r in self.requests if r[1] == owner and not private]:
            self.approve(asked, actor)

    def feed(self, reader: str) -> list[int]:
        owners = {reader} | {owner for actor, owner in self.follows if actor == reader}
        return sorted((photo for photo, owner in self.photos.items() if owner in owners), reverse=True)
