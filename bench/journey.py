"""From posting a photo to its appearing in a follower's home feed, over HTTP, on the real network of bin/up.

python -m bench.journey [--photos 30] [--pause 1]
"""

from __future__ import annotations

import json
import statistics
import time
import urllib.request
from typing import Any
from uuid import uuid4

from bench import idle, rows
from bench.photo import _photo as photo_of_12_megapixels
from bench.rows import Row, Rows

BUDGET = 1.5  # seconds, p95


def main() -> None:
    parser = rows.parser(__doc__)
    parser.add_argument("--photos", type=int, default=30)
    parser.add_argument("--pause", type=float, default=1, help="seconds between two photos")
    asked = parser.parse_args()
    photo = photo_of_12_megapixels()
    with idle.up() as (_, url):
        alice, bob = _person(url, "alice"), _person(url, "bob")
        _ask(url, f"/users/{alice['user']['id']}/relationship?action=follow", bob, b"")
        _ask(url, "/users/self/feed", bob)
        answered, arrived = [], []
        for _ in range(asked.photos):
            started = time.perf_counter()
            media = _post(url, alice, photo)
            answered.append(time.perf_counter() - started)
            while media["id"] not in [seen["id"] for seen in _ask(url, "/users/self/feed?count=5", bob)]:
                time.sleep(0.02)
            arrived.append(time.perf_counter() - started)
            time.sleep(asked.pause)
    print(f"{asked.photos} photos of {len(photo) / 1e6:.1f} MB, 12 megapixels, from the first byte sent")
    for name, taken in (("answered", answered), ("in the follower's feed", arrived)):
        p95 = statistics.quantiles(taken, n=20)[-1]
        print(f"{name:24} median {statistics.median(taken):.2f} s, p95 {p95:.2f} s, worst {max(taken):.2f} s")
    told, p95 = Rows(), statistics.quantiles(arrived, n=20)[-1]
    said = f"p95 {p95:.2f} s, median {statistics.median(arrived):.2f} s"
    told.say(Row("posted -> in a follower's feed, 12 MP", said, p95, BUDGET, f"p95 < {BUDGET} s"))
    told.save(asked.json)


def _person(url: str, name: str) -> Any:
    said = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery staple"}
    return _ask(url, "/accounts", None, json.dumps(said).encode(), "application/json")


def _post(url: str, person: Any, photo: bytes) -> Any:
    border = uuid4().hex
    said = 'Content-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg'
    body = f"--{border}\r\n{said}\r\n\r\n".encode() + photo + f"\r\n--{border}--\r\n".encode()
    return _ask(url, "/media", person, body, f"multipart/form-data; boundary={border}")


def _ask(url: str, path: str, person: Any, body: bytes | None = None, kind: str = "") -> Any:
    request = urllib.request.Request(f"{url}/v1{path}", data=body)
    if person:
        request.add_header("Authorization", f"Bearer {person['access_token']}")
    request.add_header("Content-Type", kind or "application/x-www-form-urlencoded")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


if __name__ == "__main__":
    main()
