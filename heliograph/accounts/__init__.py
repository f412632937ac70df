"""The noun *people*: who they are in the directory, and their row at home that every read agrees on."""
