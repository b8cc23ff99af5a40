"""The second factor of the admin: a code of an authenticator app (TOTP, RFC 6238), or a recovery code used once."""

from base64 import b32encode

import segno
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_otp import login, match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.forms import CodeForm
from accounts.models import User

_WRONG = "That code is wrong, was used already, or came too soon after a wrong one."


def show(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """Ask for a code, and let in whoever has it. Devices slow guessing down by themselves."""
    form = CodeForm(request.POST or None)
    if form.is_valid():
        device = match_token(user, form.cleaned_data["code"].replace(" ", ""))
        if device is not None:
            login(request, device)
            return redirect(target)
        form.add_error("code", _WRONG)
    return render(request, "accounts/second_factor.html", {"form": form, "next": target})


def enrol(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """Offer a new authenticator; when its first code is right, it counts, and recovery codes are shown this once."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "authenticator"})
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if device.verify_token(form.cleaned_data["code"].replace(" ", "")):
            codes = _confirm(device, user)
            login(request, device)
            return render(request, "accounts/recovery_codes.html", {"codes": codes, "next": target})
        form.add_error("code", _WRONG)
    context = {
        "form": form,
        "next": target,
        "qr": segno.make(device.config_url, error="m").svg_inline(scale=5, border=4, light="#fff", omitsize=True),
        "secret": b32encode(device.bin_key).decode(),
    }
    return render(request, "accounts/enrol.html", context)


def _confirm(device: TOTPDevice, user: User) -> list[str]:
    with transaction.atomic(durable=True):
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        spare = StaticDevice.objects.create(user=user, name="recovery codes")
        codes = [StaticToken.random_token() for _ in range(settings.RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=spare, token=code) for code in codes)
    return codes
