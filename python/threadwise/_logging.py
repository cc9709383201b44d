"""What the extension writes to the log of concurrent.futures."""

import logging

LOGGER = logging.getLogger("concurrent.futures")


def error(message, exception, *arguments):
    LOGGER.error(message, *arguments, exc_info=exception)


def critical(message, exception):
    LOGGER.critical("%s", message, exc_info=exception)
