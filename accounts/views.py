"""Pages to register, sign in and sign out. A browser's sockets come with its Django session."""

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import FormView

from accounts import browsers, services
from accounts.forms import RegisterForm, SignInForm
from gateway.barriers import barriers
from gateway.errors import CommandError
from gateway.transports.rest import request_address


class SignInView(LoginView):
    """Sign in."""

    template_name = "accounts/signin.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        browsers.remember(self.request, form.get_user())
        return response


class RegisterView(FormView):  # type: ignore[type-arg]
    """Register and sign in."""

    template_name = "accounts/register.html"
    form_class = RegisterForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(next=self._next(), **kwargs)

    def form_valid(self, form: RegisterForm) -> HttpResponse:
        try:
            barriers.require_open(request_address(self.request))
            user = services.register(**form.cleaned_data)
        except CommandError as error:
            form.add_error(None, error.message.removeprefix("Invalid payload: "))
            return self.form_invalid(form)
        login(self.request, user, backend="accounts.backends.GuardedBackend")
        browsers.remember(self.request, user)
        return redirect(self._next() or resolve_url("/"))

    def _next(self) -> str:
        target = self.request.POST.get("next") or self.request.GET.get("next") or ""
        hosts = {self.request.get_host()}
        return target if url_has_allowed_host_and_scheme(target, hosts, self.request.is_secure()) else ""


class SignOutView(LogoutView):
    """Sign out, and close this browser's sockets everywhere."""

    next_page = "index"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        browsers.end(request)
        return super().post(request, *args, **kwargs)
