"""The theme's form widgets under plain names, for the forms of all rooms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold import widgets as theme

Checkbox = theme.UnfoldBooleanWidget
CheckboxSelectMultiple = theme.UnfoldAdminCheckboxSelectMultipleWidget
DateInput = theme.UnfoldAdminSingleDateWidget
DecimalInput = theme.UnfoldAdminDecimalFieldWidget
FileInput = theme.UnfoldAdminFileFieldWidget
EmailInput = theme.UnfoldAdminEmailInputWidget
FileInput = theme.UnfoldAdminFileFieldWidget
IntegerInput = theme.UnfoldAdminIntegerFieldWidget
PasswordInput = theme.UnfoldAdminPasswordToggleWidget
RadioSelect = theme.UnfoldAdminRadioSelectWidget
Select = theme.UnfoldAdminSelectWidget
Select2 = theme.UnfoldAdminSelect2Widget
Select2Multiple = theme.UnfoldAdminSelect2MultipleWidget
SelectMultiple = theme.UnfoldAdminSelectMultipleWidget
SplitDateTimeInput = theme.UnfoldAdminSplitDateTimeWidget
Switch = theme.UnfoldBooleanSwitchWidget
Textarea = theme.UnfoldAdminTextareaWidget
TextInput = theme.UnfoldAdminTextInputWidget
TimeInput = theme.UnfoldAdminSingleTimeWidget


class SuggestInput(theme.UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A text that may be chosen from suggestions, or be another one."""

    suggestions: Sequence[str] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"{name}-suggestions"
        field = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', field, listed, options)


#: Django's own widgets, which the theme's style sheet leaves bare, and what stands in for each.
_THEMED: dict[type[forms.Widget], type[forms.Widget]] = {
    forms.TextInput: TextInput,
    forms.Textarea: Textarea,
    forms.EmailInput: EmailInput,
    forms.NumberInput: DecimalInput,
    forms.DateInput: DateInput,
    forms.TimeInput: TimeInput,
    forms.CheckboxInput: Checkbox,
    forms.Select: Select,
    forms.SelectMultiple: SelectMultiple,
}


def themed(field: forms.Field) -> None:
    """Give a field that has one of Django's own widgets the theme's, with the same attributes."""
    stand_in = _THEMED.get(type(field.widget))
    if stand_in is None:
        return
    bare, field.widget = field.widget, stand_in(attrs=field.widget.attrs)
    field.widget.is_required = bare.is_required
    if isinstance(field, forms.ChoiceField):
        field.choices = field.choices
