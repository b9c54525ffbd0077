"""The pages on which people sign in and allow an app what it asks for; they work without JavaScript."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from serving.auth.scopes import USER_SCOPES
from serving.context import Context, Net
from serving.oauth.authorization import Asked, Wish, allow, read_asked, read_wish
from serving.oauth.errors import OAuthError, PageError
from serving.oauth.forms import read_form
from serving.oauth.pages import page, see_other
from serving.oauth.sign_in import COOKIE, Session, SignIn, new_session
from serving.users import store as users
from serving.users.store import UserRow

router = APIRouter(prefix="/i/oauth2", include_in_schema=False)

_HERE = "/i/oauth2/authorize"


@dataclass(frozen=True)
class Visit:
    """A browser that an app sent here."""

    request: Request
    network: Context
    sign_in: SignIn
    session: Session
    asked: Asked
    account: UserRow | None
    """Who signed in."""

    @property
    def query(self) -> str:
        """The app's request, written in one way, whatever way the browser wrote it."""
        return urlencode(self.request.query_params.multi_items())

    async def form(self) -> dict[str, str]:
        """The fields of a form that was shown to this browser for this request.

        Raises:
            PageError: 400 for what is no form, 403 for a form from elsewhere.
        """
        try:
            fields = await read_form(self.request)
        except OAuthError as error:
            raise PageError("This form cannot be read", error.description) from error
        if not self.sign_in.is_form_key(fields.get("form_key", ""), self.session, self.query):
            text = "It is too old, or your browser takes no cookies. Go back to the app and begin again."
            raise PageError("This form is no longer good", text, 403)
        return fields

    def again(self, session: Session) -> Response:
        """Shows this browser the same request again, in a new session."""
        return self.remember(see_other(f"{_HERE}?{self.query}"), session)

    def ask_for_password(self, *, status: int = 200, fault: str = "", username: str = "") -> Response:
        """The page to sign in."""
        if not self.sign_in.open:
            text = (
                "The server listens where other machines reach it, and then there is no password unless its operator "
                "sets one: ROOKERY_AUTH__PASSWORD."
            )
            raise PageError("Nobody can sign in here", text, 403)
        form_key = self.sign_in.form_key(self.session, self.query)
        shown = page(
            "sign_in.html", status, app=self.asked.app, query=self.query, form_key=form_key, fault=fault,
            username=username,
        )  # fmt: skip
        return self.remember(shown, self.session)

    def remember(self, response: Response, session: Session) -> Response:
        """Has the browser keep `session`."""
        response.set_cookie(
            COOKIE,
            self.sign_in.cookie(session),
            max_age=self.sign_in.life_s,
            path="/i/oauth2",
            secure=self.request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response

    def wish(self) -> Wish:
        """What the app wants.

        Raises:
            OAuthError: what the app is to be told.
        """
        return read_wish(self.asked.app, self.request.query_params)


def visit(request: Request, network: Net) -> Visit:
    """The browser, and the app that sent it.

    Raises:
        PageError: the app or its redirect URI is not registered.
    """
    sign_in: SignIn = request.app.state.sign_in
    session = sign_in.session(request.cookies.get(COOKIE))
    with network.database.read() as connection:
        asked = read_asked(connection, request.query_params)
        account = None if session.user_id is None else users.by_id(connection, session.user_id)
    return Visit(request, network, sign_in, session, asked, account)


Visiting = Annotated[Visit, Depends(visit)]


@router.get("/authorize")
def show(visit: Visiting) -> Response:
    """Asks the person who they are, and then whether they allow it."""
    try:
        wish = visit.wish()
    except OAuthError as error:
        return see_other(visit.asked.refusal(error))
    if visit.account is None:
        return visit.ask_for_password()
    return visit.remember(
        page(
            "consent.html",
            leads_to=visit.asked.redirect_uri,
            app=visit.asked.app,
            username=visit.account.username or visit.account.user_id,
            scopes=[(one, USER_SCOPES[one]) for one in wish.scopes],
            redirect_uri=visit.asked.redirect_uri,
            query=visit.query,
            form_key=visit.sign_in.form_key(visit.session, visit.query),
        ),
        visit.session,
    )


@router.post("/authorize")
async def decide(visit: Visiting) -> Response:
    """Sends the browser back to the app, with a code or without."""
    fields = await visit.form()
    decision, account, network = fields.get("decision"), visit.account, visit.network
    if account is None or decision == "switch":
        return visit.again(new_session())
    try:
        wish = visit.wish()
        if decision != "allow":
            raise OAuthError("access_denied", "the person did not allow it")
    except OAuthError as error:
        return see_other(visit.asked.refusal(error))
    now_s = network.tokens.now_s()
    code = await network.write(
        lambda tx: allow(tx.connection, visit.asked, wish, account.user_id, network.settings.auth, now_s=now_s)
    )
    return see_other(visit.asked.answer(code=code))


@router.post("/sign_in")
async def sign_in(visit: Visiting) -> Response:
    """Signs a person in, and shows what the app asks for."""
    fields = await visit.form()
    name, client = fields.get("username", "").strip(), visit.request.client
    used_up = await visit.sign_in.try_once(client.host if client else "-", name)
    if used_up is not None:
        wait_s = max(1, math.ceil(used_up.reset_s - time.time()))
        response = visit.ask_for_password(
            status=429, fault=f"Too many tries. Try again in {wait_s} seconds.", username=name
        )
        response.headers["Retry-After"] = str(wait_s)
        return response
    found = await run_in_threadpool(_check, visit, name, fields.get("password", ""))
    if found is None:
        return visit.ask_for_password(status=403, fault="The username or the password is wrong.", username=name)
    return visit.again(new_session(found.user_id))


def _check(visit: Visit, name: str, password: str) -> UserRow | None:
    with visit.network.database.read() as connection:
        return visit.sign_in.check(connection, name, password)
