"""GSTINs with a form and a check character."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from pricing.gstin import check_gstin


@pytest.mark.parametrize("text", ["27AAPFU0939F1ZV", "29AAGCB7383J1Z4"])
def test_a_gstin_that_checks_is_taken(text: str) -> None:
    check_gstin(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("123", "“123” is no GSTIN: it has 15 characters, such as 27AAPFU0939F1ZV.", id="too short"),
        pytest.param(
            "27AAPFU0939F1ZW",
            "“27AAPFU0939F1ZW” is no GSTIN: its last character does not check; compare it once more.",
            id="check character",
        ),
        pytest.param(
            "27AAPUF0939F1ZV",
            "“27AAPUF0939F1ZV” is no GSTIN: its last character does not check; compare it once more.",
            id="two letters swapped",
        ),
    ],
)
def test_another_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_gstin(text)
    assert refused.value.messages == [sentence]
