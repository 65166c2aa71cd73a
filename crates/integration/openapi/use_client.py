"""Uses the client that openapi-python-client made of docs/openapi.json, as an application would."""

import sys

from portcullis_client import AuthenticatedClient, Client
from portcullis_client.api.accounts import change_user, get_me, register
from portcullis_client.api.sessions import list_sessions, login, logout, refresh
from portcullis_client.models import ChangeUser, Login, Problem, RefreshBody, Register, Tokens, User

URL = sys.argv[1]
PASSWORD = "correct horse battery staple"


def expect(kind, answer):
    assert isinstance(answer, kind), f"{answer} is no {kind.__name__}"
    return answer


anyone = Client(base_url=URL)
account = Register(username="grace", email="grace@example.org", password=PASSWORD)
grace = expect(User, register.sync(client=anyone, body=account))
assert expect(Problem, register.sync(client=anyone, body=account)).code == "username_taken"

wrong = Login(username="grace", password="not this one")
assert expect(Problem, login.sync(client=anyone, body=wrong)).code == "invalid_credentials"
tokens = expect(Tokens, login.sync(client=anyone, body=Login(username="grace", password=PASSWORD)))

fresh = AuthenticatedClient(base_url=URL, token=tokens.access_token)
renamed = change_user.sync(client=fresh, id=grace.id, body=ChangeUser(username="hopper"))
assert expect(User, renamed).username == "hopper"

tokens = expect(Tokens, refresh.sync(client=anyone, body=RefreshBody(refresh_token=tokens.refresh_token)))
signed_in = AuthenticatedClient(base_url=URL, token=tokens.access_token)
assert expect(User, get_me.sync(client=signed_in)).id == grace.id
refused = change_user.sync(client=signed_in, id=grace.id, body=ChangeUser(username="murray"))
assert expect(Problem, refused).code == "insufficient_user_authentication"
assert len(list_sessions.sync(client=signed_in).sessions) == 1
assert logout.sync(client=signed_in).message
assert expect(Problem, get_me.sync(client=signed_in)).code == "revoked_token"
