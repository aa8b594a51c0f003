"""Files of offers as a whole: unread, in the background, taken over, and sent at once."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import InvalidOperation
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.csv_files import NotRead
from offers import authoring
from offers.authoring import Actor
from offers.files import reading, runs
from offers.files.columns import columns_for
from offers.files.runs import import_checked, run_offer_imports
from offers.models import Offer, OfferImport
from tests.offers.files.sheets import HEAD, ROW, import_offers_of, many, offers_there, sheet
from tests.offers.files.twins import faults_of, load, make_twin
from tests.people import weekend
from tests.processes import run_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def cpo() -> Cpo:
    return make_twin("cpo1.com")


def test_a_dry_run_tells_and_writes_nothing(cpo: Cpo) -> None:
    report = load(cpo, many(3), dry_run=True)
    assert (report.rows, report.faults.count, report.job) == (3, 0, None)
    assert offers_there(cpo) == []


UNREAD = [
    pytest.param(b"", "The file is empty", id="empty"),
    pytest.param(
        f"{HEAD},Colour\n".encode(), "The column “Colour” is unknown: leave it out, or take its", id="unknown-column"
    ),
    pytest.param(
        b"Offer id,Name\na,A",
        "The file needs the columns “Valid from” and “Valid until”: add them.",
        id="missing-column",
    ),
    pytest.param(HEAD.encode(), "The file has no rows: write one below the header.", id="no-rows"),
    pytest.param(b"PK\x03\x04\0\0", "The file is no text", id="a-workbook"),
    pytest.param(b"x" * ((8 << 20) + 1), "The file is larger than 8 MB: upload it in parts.", id="too-large"),
    pytest.param(many(10_001).encode(), "The file has more than 10000 rows: upload it in parts.", id="10,001-rows"),
]


@pytest.mark.parametrize(("data", "sentence"), UNREAD)
def test_what_is_no_such_file_is_refused_in_a_sentence(cpo: Cpo, data: bytes, sentence: str) -> None:
    with pytest.raises(NotRead, match=re.escape(sentence)):
        import_offers_of(cpo, data)
    with cpo_scope(cpo):
        assert (Offer.objects.count(), OfferImport.objects.count()) == (0, 0)


@pytest.fixture
def in_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "AT_ONCE", 2)
    monkeypatch.setattr(runs, "_wake", lambda: None)


def state_of(cpo: Cpo, job: OfferImport | None) -> tuple[str, int, int, bool]:
    assert job is not None
    with cpo_scope(cpo):
        job.refresh_from_db()
    return job.state, job.done, job.total, job.file is not None


def test_a_large_file_is_imported_in_the_background(cpo: Cpo, in_background: None) -> None:
    job = import_offers_of(cpo, many(3).encode())
    assert (state_of(cpo, job), offers_there(cpo)) == (("QUEUED", 0, 3, True), [])
    assert (run_offer_imports(), run_offer_imports()) == (1, 0)
    assert state_of(cpo, job) == ("DONE", 3, 3, False)
    assert offers_there(cpo) == ["offer-00000", "offer-00001", "offer-00002"]


def test_a_checked_file_is_kept_and_imported_without_sending_it_again(cpo: Cpo, in_background: None) -> None:
    job = import_offers_of(cpo, many(3).encode(), dry_run=True)
    assert run_offer_imports() == 1
    assert (state_of(cpo, job), offers_there(cpo)) == (("CHECKED", 3, 3, True), [])
    assert job is not None
    import_checked(job, Actor(by_token="xyz"))
    assert run_offer_imports() == 1
    assert (state_of(cpo, job), len(offers_there(cpo)), job.by_token) == (("DONE", 3, 3, False), 3, "xyz")
    with pytest.raises(Exception, match="no longer kept"):
        import_checked(job, Actor())


def test_a_checked_file_goes_when_the_next_one_comes(cpo: Cpo, in_background: None) -> None:
    job = import_offers_of(cpo, many(3).encode(), dry_run=True)
    run_offer_imports()
    import_offers_of(cpo, many(3, begin=5).encode(), dry_run=True)
    assert state_of(cpo, job) == ("CHECKED", 3, 3, False)


def test_a_large_file_with_faults_is_refused_whole(cpo: Cpo, in_background: None) -> None:
    job = import_offers_of(cpo, (many(3) + "\r\n" + ROW.format("offer-00001")).encode())
    assert run_offer_imports() == 1
    assert state_of(cpo, job) == ("REFUSED", 4, 4, False)
    assert job is not None
    sentence = "Row 3 has this id already: choose another id."
    assert (job.fault_count, job.faults) == (1, [{"row": 5, "column": "Offer id", "message": sentence}])
    assert offers_there(cpo) == []


def test_what_was_made_between_the_check_and_the_writing_refuses_the_file(
    cpo: Cpo, in_background: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = f"{HEAD},The buyer must send the code,Display code"
    rows = [f"{ROW.format(name)},yes,{name}1" for name in "abc"]
    rows += [f"{ROW.format('e')},,", f"{ROW.format('F5')},,", f"{ROW.format('g')},,H1", f"{ROW.format('i')},,J1"]
    job = import_offers_of(cpo, sheet(*rows, head=head).encode())
    write = runs.create_offers

    def late(*given: Any) -> Any:
        authoring.create_offer(cpo, "b", weekend())
        authoring.create_offer(cpo, "d", weekend(display_code="C1", requires_code=True))
        for offer_id in ("E", "h1"):
            authoring.create_offer(cpo, offer_id, weekend())
        authoring.archive(authoring.create_offer(cpo, "j1", weekend()))
        authoring.create_offer(cpo, "k", weekend(display_code="f5", requires_code=True))
        return write(*given)

    monkeypatch.setattr(runs, "create_offers", late)
    assert run_offer_imports() == 1
    assert state_of(cpo, job)[0] == "REFUSED"
    assert job is not None
    assert [(x["row"], x["column"], x["message"]) for x in job.faults] == [
        (3, "Offer id", "You already have an offer “b”: choose another id."),
        (4, "Display code", "The offer d already asks for this code: choose another."),
        (5, "Offer id", "“e” is but for capitals the id of “E”: choose another id."),
        (6, "Offer id", "“F5” is the code of the offer k: give this one another id."),
        (7, "Display code", "“H1” is the id of an offer, by which everybody may ask for it: choose another code."),
    ]
    assert "a" not in offers_there(cpo)


def test_a_file_that_fails_on_our_side_is_told_and_the_next_one_is_imported(
    cpo: Cpo, in_background: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [import_offers_of(cpo, many(3, begin=begin).encode()) for begin in (0, 10)]

    def fall(*given: Any) -> Any:
        raise RuntimeError("it broke")

    with monkeypatch.context() as patched:
        patched.setattr(runs, "create_offers", fall)
        assert run_offer_imports() == 1
    assert run_offer_imports() == 1
    assert [state_of(cpo, job)[0] for job in jobs] == ["FAILED", "DONE"]
    assert jobs[0] is not None
    assert jobs[0].reason == "It failed on our side: send the file again."
    assert offers_there(cpo) == ["offer-00010", "offer-00011", "offer-00012"]


@pytest.mark.parametrize("fault", [DataError, IntegrityError])
def test_what_the_database_refuses_is_not_to_be_sent_again(
    cpo: Cpo, in_background: None, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def fall(*given: Any) -> Any:
        raise fault("it does not fit")

    monkeypatch.setattr(runs, "create_offers", fall)
    sentence = (
        "The database refused an offer of this file, so that nothing is imported: import its rows in parts to find the "
        "one, and enter that by the form."
    )
    with pytest.raises(NotRead, match=re.escape(sentence)):
        import_offers_of(cpo, many(2).encode())
    job = import_offers_of(cpo, many(3).encode())
    assert run_offer_imports() == 1
    assert (state_of(cpo, job)[0], job and job.reason, offers_there(cpo)) == ("FAILED", sentence, [])


def broken(name: str) -> Any:
    """Return a reading of the columns in which one column's reader has a fault of its own."""

    def columns(zone: str) -> tuple[Any, ...]:
        def fall(text: str) -> Any:
            raise OverflowError("date value out of range")

        return tuple(replace(x, read=fall) if x.name == name else x for x in columns_for(zone))

    return columns


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry-run", "import"])
def test_a_cell_that_nobody_thought_of_is_told_by_row_and_column(
    cpo: Cpo, in_background: None, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    monkeypatch.setattr(reading, "columns_for", broken("valid_until"))
    assert faults_of(load(cpo, many(2), dry_run=dry_run)) == [
        (2, "Valid until", "This cannot be read: write it as the example file does."),
        (3, "Valid until", "This cannot be read: write it as the example file does."),
    ]
    job = import_offers_of(cpo, many(3).encode(), dry_run=dry_run)
    assert run_offer_imports() == 1
    assert (state_of(cpo, job)[0], offers_there(cpo)) == ("REFUSED", [])
    assert job is not None
    assert (job.reason, job.fault_count, job.faults[0]["column"]) == ("", 3, "Valid until")


def test_a_row_that_no_check_can_judge_is_told_by_its_number(cpo: Cpo, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*given: Any) -> Any:
        raise InvalidOperation("too many digits")

    monkeypatch.setattr(reading, "check_new", fall)
    sentence = "This row cannot be checked: write it as the example file does, or enter the offer by its form."
    assert faults_of(load(cpo, many(1))) == [(2, "", sentence)]
    assert offers_there(cpo) == []


def test_a_worker_that_died_leaves_the_file_to_the_next(
    cpo: Cpo, in_background: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = import_offers_of(cpo, many(3).encode())

    def fall(*given: Any) -> Any:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr(runs, "create_offers", fall)
        with pytest.raises(OperationalError):
            run_offer_imports()
    assert (state_of(cpo, job)[0], run_offer_imports()) == ("RUNNING", 0)
    with cpo_scope(cpo):
        OfferImport.objects.update(leased_until=timezone.now() - runs.LEASE)
    assert run_offer_imports() == 1
    assert (state_of(cpo, job)[0], len(offers_there(cpo))) == ("DONE", 3)


def test_a_worker_that_was_late_writes_nothing(cpo: Cpo, in_background: None, monkeypatch: pytest.MonkeyPatch) -> None:
    job = import_offers_of(cpo, many(3).encode())
    write = runs.create_offers

    def overtaken(*given: Any) -> Any:
        OfferImport.objects.update(lease_owner=None)
        return write(*given)

    monkeypatch.setattr(runs, "create_offers", overtaken)
    assert (run_offer_imports(), state_of(cpo, job)[0], offers_there(cpo)) == (0, "RUNNING", [])


def test_only_so_many_files_wait(cpo: Cpo, in_background: None) -> None:
    for begin in (0, 10, 20):
        import_offers_of(cpo, many(3, begin=begin).encode())
    with pytest.raises(NotRead, match="3 files are being taken in: wait until one is done"):
        import_offers_of(cpo, many(3, begin=30).encode())
    with cpo_scope(cpo):
        assert OfferImport.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_the_same_file_sent_at_once_is_imported_once() -> None:
    cpo = make_twin("cpo1.com")
    answers = run_at_once(4, lambda number: str(load(cpo, many(50)).faults.count))
    assert sorted(answers) == ["0", "50", "50", "50"]
    assert len(offers_there(cpo)) == 50
