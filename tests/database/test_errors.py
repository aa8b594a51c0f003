"""An error in a log line keeps the values of a row to itself."""

from __future__ import annotations

import logging

import pytest
from django.conf import settings
from django.db import IntegrityError
from structlog.stdlib import ProcessorFormatter

from cpo_portal.database.errors import describe, describe_exc_info

SAID = 'duplicate key value violates unique constraint "x"\nDETAIL:  Key (phone)=(+919876543210) already exists.'


def caught(depth: int = 0) -> IntegrityError:
    try:
        if depth:
            raise IntegrityError(SAID) from caught(depth - 1)
        raise IntegrityError(SAID)
    except IntegrityError as error:
        return error


def test_an_error_is_its_first_line_and_where_it_arose() -> None:
    first, *where = describe(caught()).splitlines()
    assert first == 'IntegrityError: duplicate key value violates unique constraint "x"'
    assert "in caught" in where[0]
    assert describe(caught(), frames=0) == f"{first}\n"


def test_exc_info_of_every_form_becomes_a_description() -> None:
    error = caught()
    for given in (error, (type(error), error, error.__traceback__)):
        said = describe_exc_info(None, "", {"event": "x", "exc_info": given})
        assert (set(said), said["exception"].splitlines()[0]) == ({"event", "exception"}, describe(error, 0).strip())
    try:
        raise error
    except IntegrityError:
        assert "exception" in describe_exc_info(None, "", {"event": "x", "exc_info": True})
    assert describe_exc_info(None, "", {"event": "x", "exc_info": True}) == {"event": "x"}
    assert describe_exc_info(None, "", {"event": "x"}) == {"event": "x"}


@pytest.mark.parametrize("depth", [0, 1], ids=["alone", "with its cause"])
def test_a_librarys_log_line_quotes_no_row(depth: int) -> None:
    options = settings.LOGGING["formatters"]["json"]
    formatter = ProcessorFormatter(processor=options["processor"], foreign_pre_chain=options["foreign_pre_chain"])
    error = caught(depth)
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("celery", logging.ERROR, "", 0, "Task raised", None, info)
    line = formatter.format(record)
    assert "violates unique constraint" in line
    assert "+919876543210" not in line
