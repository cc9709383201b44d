"""What the extension writes to the log of concurrent.futures."""

import logging
import sys

LOGGER = logging.getLogger("concurrent.futures")


def _logger():
    """The one in ``concurrent.futures._base``: a program may have put its own there."""
    return getattr(sys.modules.get("threadwise.concurrent.futures._base"), "LOGGER", LOGGER)


def error(message, exception, *arguments):
    _logger().error(message, *arguments, exc_info=exception)


def critical(message, exception):
    _logger().critical("%s", message, exc_info=exception)
