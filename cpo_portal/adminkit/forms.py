"""What every form on a CPO's rows does: stays inside the CPO and checks uniqueness within it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import ModelForm
from django.forms.formsets import TOTAL_FORM_COUNT
from unfold.forms import BaseDialogForm

from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.adminkit.widgets import themed

__all__ = [
    "MOST_ROWS",
    "DialogForm",
    "TenantFormMixin",
    "bounded_formset",
    "has_cpo_column",
    "tenant_form",
    "with_article",
]

#: The most rows below a parent that one form takes.
MOST_ROWS = 250


class DialogForm(BaseDialogForm):  # type: ignore[misc]
    """The form of a button's dialog; a field that names no widget of the theme gets the theme's for its kind.

    `submit_label` is what the button says that sends it, where that is not the dialog's title.
    """

    submit_label = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            themed(field)


def has_cpo_column(model: type) -> bool:
    """Tell whether the model itself says which CPO a row belongs to."""
    return any(field.name == "cpo" for field in model._meta.concrete_fields)  # type: ignore[attr-defined]


class TenantFormMixin:
    """Gives a new row the CPO of the scope before it is checked, so that "unique per CPO" is checked too.

    The CPO is no field of the form: Django would leave it, and every constraint that names it, out of the checks.
    """

    instance: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_cpo_column(type(self.instance)) and self.instance.cpo_id is None:
            self.instance.cpo = current_cpo()

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"cpo"}

    def _update_errors(self, errors: ValidationError) -> None:
        """Show "already exists" at the one field that people can change, not as a sentence about the CPO."""
        found = getattr(errors, "error_dict", {})
        if found.pop("cpo", None):
            sentence = f"There is one {self.instance._meta.verbose_name} already: change that one."
            found.setdefault(NON_FIELD_ERRORS, []).append(ValidationError(sentence, "unique"))
        if NON_FIELD_ERRORS in found:
            for error in list(errors.error_dict[NON_FIELD_ERRORS]):
                names = [name for name in (error.params or {}).get("unique_check", ()) if name != "cpo"]
                if error.code == "unique_together" and names and set(names) <= set(self.fields):  # type: ignore[attr-defined]
                    model = type(self.instance)._meta
                    labels = " and ".join(str(model.get_field(name).verbose_name) for name in names)
                    errors.error_dict[NON_FIELD_ERRORS].remove(error)
                    instead = "choose another" if len(names) == 1 else "change that one"
                    sentence = f"{with_article(model.verbose_name)} with this {labels} exists already: {instead}."
                    place = names[0] if len(names) == 1 else NON_FIELD_ERRORS
                    errors.error_dict.setdefault(place, []).append(ValidationError(sentence, "unique"))
            if not errors.error_dict[NON_FIELD_ERRORS]:
                del errors.error_dict[NON_FIELD_ERRORS]
        super()._update_errors(errors)  # type: ignore[misc]


def with_article(noun: object) -> str:
    """Return "An offer", "A tariff"."""
    # By the sound: "a user" and "a unit", although they begin with a vowel.
    text = str(noun)
    vowel = text[:1].lower() in set("aeiou") and not text.lower().startswith(("us", "uni", "eu"))
    return f"{'An' if vowel else 'A'} {text}"


def tenant_form(form: type[ModelForm]) -> type[ModelForm]:
    """Return the form class with TenantFormMixin in front."""
    if issubclass(form, TenantFormMixin):
        return form
    return type(form.__name__, (TenantFormMixin, form), {})


class BoundedFormSetMixin:
    """Builds no row at all of a form that announces more rows than it may have: it is refused for that alone."""

    absolute_max: int
    is_bound: bool
    management_form: Any

    def total_form_count(self) -> int:
        if self.is_bound and self.management_form.cleaned_data[TOTAL_FORM_COUNT] > self.absolute_max:
            return 0
        total: int = super().total_form_count()  # type: ignore[misc]
        return total


def bounded_formset(formset: type[Any]) -> type[Any]:
    """Return the formset class with BoundedFormSetMixin in front."""
    return type(formset.__name__, (BoundedFormSetMixin, formset), {})
