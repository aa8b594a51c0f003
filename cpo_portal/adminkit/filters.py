"""The theme's list filters, for the admins of all rooms."""

from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    AutocompleteSelectMultipleFilter,
    BooleanRadioFilter,
    ChoicesCheckboxFilter,
    ChoicesDropdownFilter,
    ChoicesRadioFilter,
    DropdownFilter,
    FieldTextFilter,
    MultipleChoicesDropdownFilter,
    MultipleRelatedDropdownFilter,
    RadioFilter,
    RangeDateFilter,
    RangeDateTimeFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
    TextFilter,
)

__all__ = [
    "AutocompleteSelectFilter",
    "AutocompleteSelectMultipleFilter",
    "BooleanRadioFilter",
    "ChoicesCheckboxFilter",
    "ChoicesDropdownFilter",
    "ChoicesRadioFilter",
    "DropdownFilter",
    "FieldTextFilter",
    "MultipleChoicesDropdownFilter",
    "MultipleRelatedDropdownFilter",
    "RadioFilter",
    "RangeDateFilter",
    "RangeDateTimeFilter",
    "RangeNumericFilter",
    "RelatedDropdownFilter",
    "TextFilter",
]
