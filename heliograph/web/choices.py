"""What forms let people choose from."""

from __future__ import annotations

from heliograph.core.errors import Invalid


class NotAChoice(Invalid):
    """This is not among the choices. Nothing was changed; choose one of them."""

    code = "not_a_choice"
