"""Forms to sign in, to register, and to show a second factor."""

from math import ceil
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from unfold.forms import AuthenticationForm as UnfoldAuthenticationForm

from gateway.barriers import barriers
from gateway.errors import CommandError
from gateway.transports.rest import request_address


class _Guarded(AuthenticationForm):
    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except CommandError as error:
            minutes = ceil((error.retry_after or 60) / 60)
            words = f"Too many wrong passwords. Try again in {minutes} minute{'s' if minutes > 1 else ''}."
            raise forms.ValidationError(words, code="too_many") from error

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        is_barred = self.request is not None and barriers.bars(request_address(self.request))
        if user.is_banned or is_barred:
            raise forms.ValidationError("This account is banned.", code="banned")


class SignInForm(_Guarded):
    """Name and password; a banned user is told so, and so is who has tried too often."""


class AdminSignInForm(_Guarded, UnfoldAuthenticationForm):  # type: ignore[misc]
    """The same for the admin, which lets staff in alone."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise self.get_invalid_login_error()


class RegisterForm(forms.Form):
    """A new name and its password."""

    username = forms.CharField(max_length=30, widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False)


class CodeForm(forms.Form):
    """A code of an authenticator app, or a recovery code."""

    code = forms.CharField(max_length=16)
