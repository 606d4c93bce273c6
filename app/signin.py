"""Sign-in with its second step, sign-out and one-time links. A GET shows a page and changes nothing."""

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.access import PUBLIC, access
from app.gate import principal
from app.incoming import BESIDE_PAGES, PULSE, is_tls, local_path, session_cookie_name
from components.words import _, speech
from data.accounts import Accounts, CodeWanted
from data.errors import Code, Refused

FORM_BYTES = 16 * 1024
PENDING_SECONDS = 300
BACKGROUND_HEADER = "X-Botv2-Background"
# Components that only the pulse changes; see components.ids.
BACKGROUND_IDS = ("version-", "pulse-")


def blueprint(accounts: Accounts) -> Blueprint:
    """Return the blueprint of ``/login``, ``/login/once/<secret>`` and ``/logout``; it also notes when a person uses a session."""
    made = Blueprint("signin", __name__, template_folder="templates")
    made.record(lambda state: state.app.jinja_env.globals.update(_=_, speech=speech))
    made.before_app_request(lambda: _note_use(accounts))

    @made.before_request
    def _bound_the_form() -> None:
        request.max_content_length = FORM_BYTES

    _register_login(made, accounts)
    _register_link(made, accounts)
    _register_logout(made, accounts)
    return made


def _register_login(made: Blueprint, accounts: Accounts) -> None:
    @made.get("/login")
    @access(PUBLIC)
    def login_form() -> AnyResponse:
        """Show the form."""
        return _login_page(200)

    @made.post("/login")
    @access(PUBLIC)
    def login() -> AnyResponse:
        """Open a session under a new cookie, ask for the code, or show the form again with the same words for every failure."""
        if "code" in request.form:
            return _second_step(accounts, request.cookies.get(_pending_name(), ""))
        name, password = request.form.get("username", ""), request.form.get("password", "")
        try:
            cookie = accounts.sign_in(name, password, address=_address(), user_agent=request.user_agent.string)
        except CodeWanted as wanted:
            return _code_page(200, wanted.pending)
        except Refused as refusal:
            if refusal.code != Code.RATE_LIMITED:
                raise
            accounts.audit_refusal(name or "anonymous", "sign_in.slowed", name, _address(), 429)
            return _slowed(_login_page(429, _("Too many failed sign-ins. Wait a minute, then try again.")), refusal)
        if cookie is None:
            return _login_page(401, _("That name and password do not belong together."))
        return _signed_in(accounts, cookie, _next())


def _second_step(accounts: Accounts, pending: str) -> AnyResponse:
    """Open the session for a right code; what is pending opens nothing else, and only for five minutes and five tries."""
    try:
        cookie = accounts.enter_code(pending, request.form.get("code", ""), address=_address(), user_agent=request.user_agent.string)
    except Refused as refusal:
        if refusal.code == Code.UNAUTHENTICATED:
            return _login_page(401, _("That took too long or failed too often. Sign in again."))
        if refusal.code != Code.RATE_LIMITED:
            raise
        accounts.audit_refusal("anonymous", "sign_in.slowed", "code", _address(), 429)
        return _slowed(_code_page(429, pending, _("Too many failed sign-ins. Wait a minute, then try again.")), refusal)
    if cookie is None:
        return _code_page(401, pending, _("That code is wrong, or was used already. Wait for the next one."))
    response = _signed_in(accounts, cookie, _next())
    _set_pending(response, "")
    return response


def _register_link(made: Blueprint, accounts: Accounts) -> None:
    @made.get("/login/once/<secret>")
    @access(PUBLIC)
    def link_form(secret: str) -> str:  # the form posts to its own address
        """Show the button; link previews and virus scanners follow links, but press no buttons."""
        return render_template("once.html", fault=None, resets=accounts.link_kind(secret) == "reset")

    @made.post("/login/once/<secret>")
    @access(PUBLIC)
    def use_link(secret: str) -> AnyResponse:
        """Open a session, the first time, after setting the new password where the link is for that; a code is owed here, too."""
        try:
            password = request.form.get("password", "")
            cookie = accounts.use_link(secret, password=password, address=_address(), user_agent=request.user_agent.string)
        except CodeWanted as wanted:
            return _code_page(200, wanted.pending)
        except Refused as refusal:
            if refusal.code != Code.INVALID_FIELDS:
                raise
            return make_response(render_template("once.html", fault=_("A password has 8 to 1024 characters."), resets=True), 422)
        if cookie is None:
            fault = _("This link has been used or is too old. Ask for a new one, or sign in with a password.")
            return make_response(render_template("once.html", fault=fault, resets=False), 401)
        return _signed_in(accounts, cookie, "/")


def _register_logout(made: Blueprint, accounts: Accounts) -> None:
    @made.get("/logout")
    @access("read")
    def logout_form() -> str:
        """Show the button."""
        return render_template("logout.html")

    @made.post("/logout")
    @access("read")
    def logout() -> AnyResponse:
        """End the session on the server and in the browser, with what the browser kept of it."""
        who = principal()
        if who is not None and who.is_session:
            accounts.revoke_session(who.digest, actor=who.name, address=_address(), action="sign_out")
        response = redirect(f"{request.script_root}/login")
        _set_cookie(response, "")
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


def _login_page(status: int, fault: str | None = None) -> Response:
    return make_response(render_template("login.html", fault=fault, next=_next()), status)


def _code_page(status: int, pending: str, fault: str | None = None) -> Response:
    response = make_response(render_template("code.html", fault=fault, next=_next()), status)
    _set_pending(response, pending)
    return response


def _pending_name() -> str:
    return "__Host-pending" if is_tls(request.environ) else "pending"


def _set_pending(response: AnyResponse, value: str) -> None:
    """Have the browser keep what shows that the first step was taken, out of the page's reach, or remove it with an empty value."""
    tls, max_age = is_tls(request.environ), PENDING_SECONDS if value else 0
    response.set_cookie(_pending_name(), value, max_age=max_age, path="/", secure=tls, httponly=True, samesite="Lax")


def _slowed(page: Response, refusal: Refused) -> Response:
    page.headers["Retry-After"] = str(int(refusal.retry_after or 1))
    return page


def _next() -> str:
    return local_path(request.form.get("next") or request.args.get("next", "/"))


def _signed_in(accounts: Accounts, cookie: str, where: str) -> AnyResponse:
    """Send the new cookie; the session that this browser had before ends."""
    before = principal()
    if before is not None and before.is_session:
        accounts.revoke_session(before.digest, actor=before.name, address=_address(), action="session.replaced")
    response = redirect(request.script_root + where)
    _set_cookie(response, cookie)
    return response


def _set_cookie(response: AnyResponse, value: str) -> None:
    """Set the session's cookie until the browser ends, or remove it with an empty value."""
    tls = is_tls(request.environ)
    max_age = None if value else 0
    response.set_cookie(session_cookie_name(tls=tls), value, max_age=max_age, path="/", secure=tls, httponly=True, samesite="Lax")


def _address() -> str:
    return request.remote_addr or ""


def _note_use(accounts: Accounts) -> None:
    """Prolong the session when a person did something, not when the page asked by itself."""
    who = principal()
    if who is None or not who.is_session or request.path == PULSE or BACKGROUND_HEADER in request.headers:
        return
    if request.path == "/_dash-update-component":
        if _pulse_alone(request.get_json(silent=True)):  # Flask keeps it, so Dash does not parse it again
            return
    elif request.path.startswith(("/assets/", "/_")) or request.path in BESIDE_PAGES:
        return  # comes along with a page, whose own request has counted
    accounts.touch(who)


def _pulse_alone(body: object) -> bool:
    """Return whether a Dash callback was triggered by nothing but the pulse; at a page's start nothing triggers it."""
    changed = body.get("changedPropIds") if isinstance(body, dict) else None
    return isinstance(changed, list) and all(str(prop).startswith(BACKGROUND_IDS) for prop in changed)
