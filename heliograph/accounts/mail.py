"""Mail to people, sent by jobs in the lane `outside` only: a mail host that hangs delays nobody's page.

HELIOGRAPH_MAIL says where to: the console by default, or an SMTP host.
"""

from __future__ import annotations

import logging
import smtplib
from email.errors import MessageError

from django.core.mail import EmailMessage

from heliograph.accounts import credentials
from heliograph.accounts import email as email_addresses
from heliograph.core import limits, metrics
from heliograph.core.errors import Limited, Unavailable

log = logging.getLogger(__name__)

MOST_PER_HOUR = 20  # mails to one address, whatever they are about: nobody's mailbox is flooded through us


class MailAway(Unavailable):
    """Mail cannot be sent right now."""

    code = "mail_unavailable"


def send(to: str, subject: str, *paragraphs: str) -> None:
    """Send a plain text. MailAway when the host does not answer, or asks for patience: the job tries again.

    A mail that the host refuses for ever, that cannot be written, or that is one too many, is dropped and counted.
    """
    who = credentials.sha256(email_addresses.compared(to)).hex()[:32]
    try:
        limits.spend("mail", who, allowed=MOST_PER_HOUR, seconds=3600)
    except Limited:
        metrics.count("mails_total", outcome="dropped")
        return
    if to.endswith(".invalid"):  # nobody can have such an address (RFC 2606); the demo's people do
        metrics.count("mails_total", outcome="dropped")
        return
    headers = {"Auto-Submitted": "auto-generated"}
    message = EmailMessage(subject, "\n\n".join(paragraphs) + "\n", to=[to], headers=headers)
    try:
        with metrics.time("mail_seconds"):
            message.send()
    except smtplib.SMTPRecipientsRefused as error:
        if any(code < 500 for code, _ in error.recipients.values()):
            raise MailAway(cause=error) from error
        metrics.count("mails_total", outcome="refused")
        return
    except (MessageError, ValueError) as error:  # an address that no header can hold: no other try will help
        log.warning("a mail cannot be written: %s", type(error).__name__)
        metrics.count("mails_total", outcome="refused")
        return
    except (smtplib.SMTPException, OSError) as error:
        raise MailAway(cause=error) from error
    metrics.count("mails_total", outcome="sent")
