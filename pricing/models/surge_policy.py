"""What a CPO promises about all of its surges: the notice of a rise, the bound of all surges, and their review."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import TenantModel
from pricing.surges.caps import Cap, changed
from pricing.surges.promises import Promise
from pricing.surges.promises import changed as promised
from pricing.versions.review import check_two_people

#: Within this stretch of time, in hours, a notice is a notice and not a postponement.
_LONGEST_NOTICE_HOURS = 24 * 90


class SurgePolicy(TenantModel):
    """What a CPO promises about all of its surges."""

    notice_hours = models.PositiveSmallIntegerField(
        "notice of a rise (hours)",
        default=24,
        validators=[MaxValueValidator(_LONGEST_NOTICE_HOURS)],
        help_text="A rise takes effect so long after its publication, a fall at once.",
    )
    signal_notice_minutes = models.PositiveSmallIntegerField(
        "notice of a signal (minutes)",
        default=15,
        validators=[MaxValueValidator(24 * 60)],
        help_text="A signal or a level of demand raises prices only so long after it became known.",
    )
    #: No rise takes effect before these instants, which a longer notice had promised.
    notice_kept_until = models.DateTimeField(null=True, editable=False)
    signal_notice_kept_until = models.DateTimeField(null=True, editable=False)
    cap_percent = models.DecimalField(
        "all surges together at most (%)",
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Of what the energy of a session costs; what goes beyond it is cut. Empty: no limit.",
    )
    review_required = models.BooleanField(
        "surges are reviewed before they are published",
        default=False,
        db_default=False,
        help_text="Four eyes: somebody else than who wrote or submitted a draft approves it.",
    )
    #: A raised cap counts for sessions planned to start from then; until then the earlier one does.
    cap_from = models.DateTimeField(null=True, editable=False)
    earlier_cap_percent = models.DecimalField(max_digits=6, decimal_places=2, null=True, editable=False)

    class Meta:
        verbose_name_plural = "surge policies"
        constraints = [models.UniqueConstraint(fields=["cpo"], name="one_surge_policy_per_cpo")]

    def __str__(self) -> str:
        return "Surge policy"

    @property
    def cap(self) -> Cap:
        """The cap with what was announced of it."""
        return Cap(self.cap_percent, self.cap_from, self.earlier_cap_percent)

    @property
    def notice(self) -> Promise:
        """How long a rise of a schedule is announced."""
        return Promise(timedelta(hours=self.notice_hours), self.notice_kept_until)

    @property
    def signal_notice(self) -> Promise:
        """How long a signal and a rise of a level of demand are announced."""
        return Promise(timedelta(minutes=self.signal_notice_minutes), self.signal_notice_kept_until)

    def clean(self) -> None:
        super().clean()
        check_two_people(self)

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save the row; a shorter notice waits for the longer one, and a higher cap for the longest of the two.

        What a CPO without a row promises are the defaults, so that its first row may already say less.
        """
        names = None if update_fields is None else set(update_fields)
        with transaction.atomic():
            rows = type(self).objects.select_for_update(no_key=True, of=("self",))
            before, now = rows.filter(cpo=self.cpo_id).first() or type(self)(), timezone.now()
            announced = self._announced(before, now)
            written = [x for x in announced if names is None or x in names]
            for column, value in (pair for name in written for pair in announced[name].items()):
                setattr(self, column, value)
                names = None if names is None else names | {column}
            super().save(*args, update_fields=names, **kwargs)

    def _announced(self, before: SurgePolicy, now: datetime) -> dict[str, dict[str, Any]]:
        """Return what is stored beside each field that is announced."""
        notice, signal, cap = before.notice, before.signal_notice, before.cap
        if self.notice_hours != before.notice_hours:
            notice = promised(notice, self.notice.notice, now=now)
        if self.signal_notice_minutes != before.signal_notice_minutes:
            signal = promised(signal, self.signal_notice.notice, now=now)
        if self.cap_percent != before.cap_percent:
            longest = max(before.notice.at(now), self.notice.notice)
            cap = changed(cap, self.cap_percent, now=now, notice=longest)
        return {
            "notice_hours": {"notice_kept_until": notice.kept_until},
            "signal_notice_minutes": {"signal_notice_kept_until": signal.kept_until},
            "cap_percent": {"cap_from": cap.counts_from, "earlier_cap_percent": cap.earlier},
        }
