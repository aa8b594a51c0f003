"""Monthly partitions are made three months ahead, so that no row has to fall into a DEFAULT partition."""

import structlog
from celery import shared_task
from django.db import connection

log = structlog.get_logger(__name__)


@shared_task
def make_partitions() -> int:
    """Make the partitions of the coming three months; return how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT portal_make_partitions(3)")
        made: int = cursor.fetchone()[0]
    if made:
        log.info("partitions_made", count=made)
    return made
