"""The map of files in ARCHITECTURE.md, made from the first line of each module's docstring.

python -m tests.house.file_map        prints what the map should be
python -m tests.house.file_map write  puts it into ARCHITECTURE.md
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- the map begins -->", "<!-- the map ends -->"
FLOORS = ("embedded", "config", "gate", "api", "web", "ops", "flows", "pages", "feed", "activity", "engagement",
          "media", "graph", "accounts", "sharding", "core")  # fmt: skip


def sentence(path: Path) -> str:
    """The first sentence of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    first = " ".join(text.split("\n\n")[0].split())
    return first.rstrip(":.")


def files(part: str) -> list[Path]:
    folder = ROOT / "heliograph" / part
    return [
        path
        for path in sorted(folder.rglob("*.py"))
        if "migrations" not in path.parts and path.name not in ("__init__.py", "__main__.py", "apps.py")
    ]


def text() -> str:
    """The whole map, floor by floor, top to bottom."""
    lines: list[str] = []
    for part in FLOORS:
        folder = ROOT / "heliograph" / part
        about = sentence(folder / "__init__.py") if (folder / "__init__.py").exists() else ""
        lines += [f"**`{part}/`** {about}".rstrip(), "", "| file | what it is |", "|---|---|"]
        for path in files(part):
            said = sentence(path).replace("|", "\\|")
            lines.append(f"| `{path.relative_to(ROOT / 'heliograph')}` | {said} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def written() -> str:
    """The map as it stands in ARCHITECTURE.md."""
    page = PAGE.read_text()
    return page[page.index(BEGIN) + len(BEGIN) : page.index(END)].strip()


def main() -> None:
    if sys.argv[1:] == ["write"]:
        page = PAGE.read_text()
        before, after = page[: page.index(BEGIN)], page[page.index(END) :]
        PAGE.write_text(f"{before}{BEGIN}\n\n{text()}\n\n{after}")
    else:
        sys.stdout.write(text() + "\n")


if __name__ == "__main__":
    main()
