"""Signing in and out, and one's own sessions."""

from fastapi import Response
from sqlalchemy.orm import Session

from justpaid.accounts import (
    LinkUsedUp,
    accept_invitation,
    check_current_password,
    check_password,
    csrf_token,
    end_session,
    end_token,
    list_sessions,
    needs_set_up,
    open_session,
    profile_of,
    set_password,
    set_up,
    switch_organisation,
    use_link,
)
from justpaid.api.callers import is_local
from justpaid.api.cookie import give_cookie, lifetime, take_cookie
from justpaid.api.person_route import Visit, Visiting, person_router, signs_in
from justpaid.api.schemas.people import (
    AuthStateOut,
    LinkIn,
    OpenSessionOut,
    OpenSessions,
    OrganisationChoiceIn,
    PasswordIn,
    SessionOut,
    SetupIn,
    SignInIn,
)
from justpaid.api.unit_of_work import rendered

router = person_router("/v1/auth")


@router.get("/state")
def get_auth_state(visit: Visiting) -> AuthStateOut:
    """Whether this installation waits for its first user. Nobody need be signed in."""
    with visit.database.system() as session:
        needed = needs_set_up(session)
    return AuthStateOut(setup_needed=needed, setup_code_needed=needed and not is_local(visit.request))


@router.post("/setup", status_code=201, response_model=SessionOut)
@signs_in
def set_up_installation(body: SetupIn, visit: Visiting) -> Response:
    """Make the first user, who owns the organisation and is signed in. Only while there is no user at all."""
    with visit.database.system() as session:
        user = set_up(
            session,
            name=body.name,
            email=body.email,
            password=body.password,
            organisation_name=body.organisation_name,
            code=body.code,
            is_local=is_local(visit.request),
            now=visit.now(),
        )
        return _signed_in(visit, session, user.id, status=201)


@router.post("/sign-in", response_model=SessionOut)
@signs_in
def sign_in(body: SignInIn, visit: Visiting) -> Response:
    """Sign in by e-mail address and password. Too many attempts are refused for a while, right ones too."""
    user_id = check_password(visit.database, body.email, body.password, visit.client, visit.now())
    with visit.database.system() as session:
        return _signed_in(visit, session, user_id)


@router.post("/link", response_model=SessionOut)
@signs_in
def use_one_time_link(body: LinkIn, visit: Visiting) -> Response:
    """Sign in by a one-time link, or accept an invitation. It opens nothing a second time.

    An invitation of somebody who is a user already is accepted by a session of theirs (`sign_in_first`).
    """
    with visit.database.system() as session:
        try:
            link = use_link(session, "sign_in", body.token, visit.now())
            user_id, organisation_id = str(link.user_id), link.organisation_id
        except LinkUsedUp:
            signed_in = visit.identity.person.user_id if visit.identity and visit.identity.person else None
            member = accept_invitation(session, body.token, visit.now(), signed_in)
            user_id, organisation_id = str(member.user_id), member.organisation_id
        return _signed_in(visit, session, user_id, organisation_id)


@router.get("/session")
def get_session(visit: Visiting) -> SessionOut:
    """Who is signed in, and what they may do."""
    with visit.database.system() as session:
        return _shown(visit, session)


@router.post("/sign-out", status_code=204, response_class=Response)
def sign_out(visit: Visiting) -> Response:
    """End this session."""
    with visit.database.system() as session:
        end_session(session, visit.person.user_id, visit.person.session_id, visit.now())
    answer = Response(status_code=204)
    take_cookie(answer, visit.request)
    return answer


@router.post("/organisation")
def use_organisation(body: OrganisationChoiceIn, visit: Visiting) -> SessionOut:
    """Go on in another of one's organisations."""
    person = visit.person
    with visit.database.system() as session:
        switch_organisation(session, person.session_id, person.user_id, body.organisation_id)
        return _shown(visit, session, body.organisation_id)


@router.post("/password", status_code=204, response_class=Response)
def change_password(body: PasswordIn, visit: Visiting) -> Response:
    """Change one's password, or choose the first one. All other sessions end."""
    person = visit.person
    check_current_password(visit.database, person.user_id, body.current_password, visit.client, visit.now())
    with visit.database.system() as session:
        set_password(session, person.user_id, body.new_password, visit.now(), keep_session=person.session_id)
    return Response(status_code=204)


@router.get("/sessions")
def list_own_sessions(visit: Visiting) -> OpenSessions:
    """Where one is signed in, newest first."""
    person = visit.person
    idle = lifetime(visit.installation.settings).idle
    with visit.database.system() as session:
        sessions = list_sessions(session, person.user_id, visit.now(), idle)
    return OpenSessions(data=[OpenSessionOut.of(one, person.session_id) for one in sessions])


@router.delete("/sessions/{session_id}", status_code=204, response_class=Response)
def end_own_session(session_id: str, visit: Visiting) -> Response:
    """Sign out elsewhere."""
    with visit.database.system() as session:
        end_session(session, visit.person.user_id, session_id, visit.now())
    return Response(status_code=204)


def _signed_in(
    visit: Visit, session: Session, user_id: str, organisation_id: str | None = None, *, status: int = 200
) -> Response:
    """A new session with a new token, whatever token the browser came with; that one ends."""
    if visit.token is not None:
        end_token(session, visit.token, visit.now())
    life = lifetime(visit.installation.settings)
    opened = open_session(session, user_id, visit.client, visit.now(), life, organisation_id)
    shown = SessionOut.of(
        opened.id,
        profile_of(session, user_id),
        opened.organisation_id,
        csrf_token(opened.token),
        opened.expires_at,
    )
    answer = rendered(shown, status)
    give_cookie(answer, visit.request, opened, visit.now())
    return answer


def _shown(visit: Visit, session: Session, organisation_id: str | None = None) -> SessionOut:
    person, identity = visit.person, visit.identity
    assert identity is not None
    return SessionOut.of(
        person.session_id,
        profile_of(session, person.user_id),
        organisation_id or identity.organisation_id,
        csrf_token(visit.token or ""),
        person.until,
    )
