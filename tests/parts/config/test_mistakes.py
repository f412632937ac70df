"""What is wrong with languages and mail is said as any other mistake of the configuration, not as a traceback."""

from __future__ import annotations

import pytest

from heliograph.config import languages, mail
from heliograph.core.environment import BadEnvironment


def test_a_language_that_nobody_knows_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(BadEnvironment, match="HELIOGRAPH_LANGUAGES: xx; use codes"):
        languages.offered(["en", "xx"])


@pytest.mark.parametrize("address", ["", "foo", "smtp://", "smtp://host:port", "smtp://[host"])
def test_mail_that_goes_nowhere_is_a_mistake_of_the_configuration(address: str) -> None:
    with pytest.raises(BadEnvironment, match="HELIOGRAPH_MAIL is neither"):
        mail.mail(address)


def test_mail_goes_to_the_port_that_is_named_or_to_the_usual_one() -> None:
    assert mail.mail("smtp://u:p%40@h")[1:] == ("h", 587, "u", "p@", True)
    assert mail.mail("smtp://h:25?tls=0")[1:] == ("h", 25, "", "", False)
