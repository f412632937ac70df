"""From a clone and a bare Python to something that can run. Standard library only, for every Python >= 3.11.

sources.py      where packages come from on this machine: pip's and uv's settings, proxies
uv.py           the installer: the machine's uv, else a pinned and hashed wheel of it
venv.py         a virtual environment that holds exactly what the lock says
house.py        as root: a copy of what runs, where the service account can reach it
interpreter.py  as root: a Python that the service account can run
debian.py       for the tests: Debian packages
main.py         bin/up, bin/test, bin/develop
"""
