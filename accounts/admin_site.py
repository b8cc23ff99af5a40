"""The admin: for staff who are not banned, with their second factor, under a policy of what its pages may load."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_otp import user_has_device
from unfold.sites import UnfoldAdminSite

from accounts import browsers, second_factor
from accounts.forms import AdminSignInForm
from accounts.models import User
from gateway.identity import SESSION_CLAIM

View = Callable[..., HttpResponse]
_policy = csp_update(settings.ADMIN_CONTENT_SECURITY_POLICY)


def _with_session(view: View) -> View:
    """The view, for a browser that has a session of ours: it is opened when its user is let in, whatever that took."""

    @wraps(view)
    def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if SESSION_CLAIM not in request.session and isinstance(request.user, User):
            browsers.remember(request, request.user)
        return view(request, *args, **kwargs)

    return seen


class AdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """The admin, closed to those who have not shown the second factor they have or must have."""

    login_form = AdminSignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        return self._is_staff(request) and not self._lacks_second_factor(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        return _policy(super().admin_view(_with_session(view), cacheable))  # type: ignore[no-any-return]

    @method_decorator(_policy)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self._is_staff(request) and self._lacks_second_factor(request):
            query = urlencode({REDIRECT_FIELD_NAME: self._next(request)})
            return redirect(f"{reverse('admin:second_factor')}?{query}")
        return super().login(request, extra_context)  # type: ignore[no-any-return]

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST":
            browsers.end(request)
        return super().logout(request, extra_context)  # type: ignore[no-any-return]

    def get_urls(self) -> list[URLPattern]:
        return [
            path("second-factor/", self._second_factor, name="second_factor"),
            *super().get_urls(),
        ]

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """What settings name, and below it all pages somebody may see, by app."""
        groups: list[dict[str, Any]] = super().get_sidebar_list(request)
        for app in self.get_app_list(request):
            pages = [
                {
                    "title": page["name"],
                    "link": page["admin_url"],
                    "active": request.path.startswith(page["admin_url"]),
                    "has_permission": True,
                }
                for page in app["models"]
            ]
            groups.append({"title": app["name"], "items": pages})
        return groups

    def _second_factor(self, request: HttpRequest) -> HttpResponse:
        if not self._is_staff(request):
            return redirect("admin:login")
        assert isinstance(request.user, User)
        if user_has_device(request.user):
            return second_factor.show(request, request.user, self._next(request))
        return second_factor.enrol(request, request.user, self._next(request))

    def _is_staff(self, request: HttpRequest) -> bool:
        user = request.user
        return isinstance(user, User) and user.is_active and user.is_staff and not user.is_banned

    def _lacks_second_factor(self, request: HttpRequest) -> bool:
        if request.user.is_verified():  # type: ignore[union-attr]
            return False
        return settings.ADMIN_REQUIRES_SECOND_FACTOR or user_has_device(request.user)

    def _next(self, request: HttpRequest) -> str:
        target = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
        welcome = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
        return target if welcome else reverse("admin:index")
