"""Which tests may be left out, and why: printed at the end of every run, and held against the tests by tests/house."""

from __future__ import annotations

#: file -> why it may skip. With CI=true the conditions below are failures instead (tests/conftest.py), but for Firefox.
MAY_SKIP: dict[str, str] = {
    "browser/conftest.py": "Chromium is not installed (packages.txt)",
    "browser/test_firefox.py": "Firefox is not installed; it need not be, also with CI=true",
    "faults/test_matrix.py": "no libfaketime (packages.txt), or no file system of one's own may be mounted",
    "parts/embedded/test_data.py": "root may write everywhere; bin/test runs it as an ordinary user",
    "parts/embedded/test_postgres.py": "only root changes users, and bin/test is not root: .ci/run makes it apart",
    "parts/embedded/test_supervisor.py": "adopting orphans is a thing of Linux",
}
