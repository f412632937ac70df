"""What one password costs, by the ways of argon2id that ASVS 5.0 approves (appendix C), and two more of OWASP.

    python -m bench.hashing [--times 40]

Processor time of one hash.
"""

from __future__ import annotations

import time

from bench import rows
from bench.rows import Row, Rows
from heliograph.config.hashers import Argon2
from heliograph.core import hashing

# KiB and passes. The first three are those of ASVS; the others are in OWASP's cheat sheet only.
WAYS = ((46 * 1024, 1), (19 * 1024, 2), (12 * 1024, 3), (9 * 1024, 4), (7 * 1024, 5))


def main() -> None:
    parser = rows.parser(__doc__)
    parser.add_argument("--times", type=int, default=40, help="of each way")
    asked = parser.parse_args()
    told = Rows()
    for memory_kib, passes in WAYS:
        one = seconds(memory_kib, passes, asked.times)
        ours = " (ours)" if (memory_kib, passes) == (Argon2.memory_cost, Argon2.time_cost) else ""
        name = f"argon2id, {memory_kib // 1024} MiB, t={passes}{ours}"
        told.say(Row(name, f"{one * 1000:.1f} ms CPU", one * 1e6))
    told.save(asked.json)


def seconds(memory_kib: int, passes: int, times: int) -> float:
    """Processor time of one hash, the mean of so many."""
    salt = hashing.salt()
    hashing.encode("warm", salt, time_cost=passes, memory_kib=memory_kib)
    began = time.process_time()
    for _ in range(times):
        hashing.encode("correct horse battery staple", salt, time_cost=passes, memory_kib=memory_kib)
    return (time.process_time() - began) / times


if __name__ == "__main__":
    main()
