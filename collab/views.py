"""Pages to work together on texts."""

from csp.constants import NONCE, SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.models import User
from collab import selectors
from collab.models import Kind
from collab.services import invites, sessions
from gateway.errors import CommandError

_SHOWN = 60
_ANSWERS = {"accept": invites.accept_invite, "decline": invites.decline_invite}
# CodeMirror brings its own style sheet, and the carets of others have their colours in an attribute.
_EDITOR_POLICY = {"style-src": [SELF, NONCE], "style-src-attr": [UNSAFE_INLINE]}


class NewSession(forms.Form):
    """What a new text is about."""

    title = forms.CharField(max_length=140)


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The visitor's sessions and invites; `POST` makes a session."""
    user_id = _user_id(request)
    form = NewSession(request.POST or None)
    if form.is_valid():
        session = sessions.create_session(creator_id=user_id, kind=Kind.TEXT, title=form.cleaned_data["title"])
        return redirect("collab-session", session.pk)
    context = {
        "invites": selectors.invites_to(user_id),
        "participations": selectors.sessions_of(user_id).filter(session__kind=Kind.TEXT)[:_SHOWN],
        "title": form.data.get("title", ""),
        "error": form.errors["title"][0] if "title" in form.errors else "",
    }
    return render(request, "collab/index.html", context, status=400 if form.is_bound else 200)


@login_required
@csp_update(_EDITOR_POLICY)  # type: ignore[untyped-decorator]
def session(request: HttpRequest, session_id: str) -> HttpResponse:
    """The editor of one text."""
    try:
        access = selectors.access_session(_user_id(request), session_id)
    except CommandError as error:
        raise Http404 from error
    if access.session.kind != Kind.TEXT:
        raise Http404
    return render(request, "collab/session.html", {"session": access.session})


@login_required
@require_POST
def answer_invite(request: HttpRequest, invite_id: str) -> HttpResponse:
    """Accept or decline an invite; whoever accepts comes to the text."""
    answer = _ANSWERS.get(request.POST.get("answer", ""))
    if answer is None:
        raise Http404
    try:
        invite = answer(user_id=_user_id(request), invite_id=invite_id)
    except CommandError as error:
        raise Http404 from error
    if answer is invites.accept_invite:
        return redirect("collab-session", invite.session_id)
    return redirect("collab")


def _user_id(request: HttpRequest) -> int:
    assert isinstance(request.user, User)
    return int(request.user.pk)
