"""The theme's form widgets under plain names, for the forms of all rooms."""

from unfold import widgets as theme

Checkbox = theme.UnfoldBooleanWidget
CheckboxSelectMultiple = theme.UnfoldAdminCheckboxSelectMultipleWidget
DateInput = theme.UnfoldAdminSingleDateWidget
DecimalInput = theme.UnfoldAdminDecimalFieldWidget
EmailInput = theme.UnfoldAdminEmailInputWidget
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
