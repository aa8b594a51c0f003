"""The form of a participant's key."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from beckn.models import SigningKey
from beckn.subscribers import read_public_key
from cpo_portal.adminkit.widgets import TextInput


class SigningKeyForm(forms.ModelForm):
    """A key is typed in base64; once saved, its id and bytes stay."""

    public_key_text = forms.CharField(label="Public key", help_text="Ed25519, 32 bytes in base64.", widget=TextInput)

    class Meta:
        model = SigningKey
        fields = ("key_id", "valid_from", "valid_until", "revoked_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].required = False
        if self.instance.pk:
            self.fields["public_key_text"].initial = base64.b64encode(bytes(self.instance.public_key)).decode()
            self.fields["public_key_text"].disabled = self.fields["key_id"].disabled = True
        else:
            self.fields["valid_from"].initial = None

    def clean_public_key_text(self) -> str:
        text: str = self.cleaned_data["public_key_text"]
        try:
            self.instance.public_key = read_public_key(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def clean_valid_from(self) -> datetime:
        return self.cleaned_data["valid_from"] or timezone.now()
