"""Migrations expand; one that takes something away, or keeps writers waiting, says so itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from cpo_portal.database.expanding import blocking, contracting
from cpo_portal.database.operations import append_only

OURS = {"database", "accounts", "network", "charging", "pricing", "offers", "beckn"}
INDEX = models.Index(fields=["name"], name="named")
CHECK = models.CheckConstraint(condition=models.Q(name="x"), name="checked")


def state() -> ProjectState:
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=10)),
        ("size", models.IntegerField(null=True)),
        ("kind", models.IntegerField(db_default=1)),
    ]
    made = ProjectState()
    made.add_model(ModelState("offers", "Thing", fields))
    return made


def migration(*ops: Any) -> Migration:
    made = Migration("0009_thing", "offers")
    made.operations = list(ops)
    return made


EXPANDING = {
    "a column that may be null": operations.AddField("thing", "more", models.TextField(null=True)),
    "a column with a default of the database": operations.AddField("thing", "more", models.IntegerField(db_default=0)),
    "a new table": operations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))]),
    "a longer text": operations.AlterField("thing", "name", models.CharField(max_length=20)),
    "another label": operations.AlterField("thing", "name", models.CharField("label", max_length=10, help_text="x")),
    "what was demanded may be missing": operations.AlterField(
        "thing", "name", models.CharField(max_length=10, null=True)
    ),
    "an index beside the traffic": AddIndexConcurrently("thing", INDEX),
    "a trigger": append_only("offers_thing"),
}
CONTRACTING = {
    "a column goes": operations.RemoveField("thing", "size"),
    "a table goes": operations.DeleteModel("Thing"),
    "a column gets another name": operations.RenameField("thing", "size", "volume"),
    "a table gets another name": operations.AlterModelTable("thing", "things"),
    "a column that older code leaves out": operations.AddField("thing", "more", models.IntegerField(default=0)),
    "what was optional is demanded": operations.AlterField("thing", "size", models.IntegerField()),
    "a shorter text": operations.AlterField("thing", "name", models.CharField(max_length=5)),
    "another type": operations.AlterField("thing", "size", models.TextField(null=True)),
    "a default of the database goes": operations.AlterField("thing", "kind", models.IntegerField()),
    "a unique column": operations.AlterField("thing", "name", models.CharField(max_length=10, unique=True)),
    "SQL that drops a column": operations.RunSQL("ALTER TABLE offers_thing DROP COLUMN size"),
    "SQL that demands a value": operations.RunSQL(["ALTER TABLE offers_thing ALTER size SET NOT NULL"]),
}
BLOCKING = {
    "an index of a table with rows": operations.AddIndex("thing", INDEX),
    "a constraint of a table with rows": operations.AddConstraint("thing", CHECK),
    "SQL that makes an index": operations.RunSQL("CREATE UNIQUE INDEX named ON offers_thing (name)"),
}


@pytest.mark.parametrize("operation", EXPANDING.values(), ids=EXPANDING)
def test_what_older_code_does_not_notice_passes(operation: Any) -> None:
    assert (contracting(migration(operation), state()), blocking(migration(operation), state())) == ([], [])


@pytest.mark.parametrize("operation", CONTRACTING.values(), ids=CONTRACTING)
def test_what_older_code_cannot_live_with_is_found(operation: Any) -> None:
    assert len(contracting(migration(operation), state())) == 1


@pytest.mark.parametrize("operation", BLOCKING.values(), ids=BLOCKING)
def test_what_keeps_writers_waiting_is_found(operation: Any) -> None:
    assert len(blocking(migration(operation), state())) == 1


def test_an_index_of_a_table_that_the_same_migration_makes_keeps_nobody_waiting() -> None:
    made = operations.CreateModel(
        "Other", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]
    )
    assert blocking(migration(made, operations.AddIndex("other", INDEX)), state()) == []


def test_every_migration_of_ours_expands_or_says_why_not() -> None:
    loader = MigrationLoader(None)
    unmarked = []
    looked_at = 0
    for (app, name), made in sorted(loader.disk_migrations.items()):
        if app not in OURS or made.initial or not made.dependencies:
            continue
        looked_at += 1
        before = loader.project_state((app, name), at_end=False)
        for found, marker in ((contracting(made, before), "contracts"), (blocking(made, before), "blocks")):
            if found and not getattr(made, marker, ""):
                unmarked += [f'{app}.{name} needs `{marker} = "why"`: {sentence}' for sentence in found]
    assert looked_at >= 2
    assert unmarked == []
