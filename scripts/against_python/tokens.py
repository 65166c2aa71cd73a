"""Tokens, as an application with Flask-JWT-Extended judges them: signed with its key, and hostile in what they say."""

import base64
import datetime
import hashlib
import hmac
import json
import math
import random

import flask_jwt_extended.view_decorators
import jwt.api_jwt
from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt, get_jwt_identity, jwt_required

from cases import COUNT, SEED, record, vectors

RECORDED = vectors("jwt_tokens.json")
PROFILES = ["default"] * 6 + ["audience", "audiences", "issuer", "identity-claim", "leeway", "hs512", "also-hs384"]
PROFILES += ["no-csrf-claim", "no-nbf", "any-sub"]
GOOD = RECORDED["header_substitutions"]["{t}"]
PIECES = [
    "Bearer",
    "Bearer ",
    "Bearer  ",
    "bearer ",
    "BEARER ",
    "Basic dTpw",
    "Token ",
    "Digest a=b",
    "x",
    "=",
    '"',
    ";",
]
PIECES += [" ", "  ", "\t", ",", ", ", ",,"] + ["{t}", "Bearer {t}"] * 3
ROUTES = {
    "protected": {},
    "refresh-only": {"refresh": True},
    "fresh-only": {"fresh": True},
    "optional": {"optional": True},
}
DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
TIME = 1_700_000_000
NOW = float(TIME)

TEXTS = ['"user-1"', '"1"', '""', '"a b"', '"\\u00e9"', '"\xe9"', '"\\ud83d\\ude00"', '"\\u0000"', '"%s"' % ("x" * 300)]
TEXTS += ["1", "0", "-1", "1.5", "true", "false", "null", "[]", "{}", '["user-1"]', '"{\\"$ne\\":1}"', "9" * 23, "1e2"]
KINDS = (
    ['"access"'] * 20
    + ['"refresh"'] * 8
    + ['"Access"', '"other"', '""', "null", "1", "true", '["access"]', '"access "']
)
AUDIENCES = [
    '"api"',
    '"web"',
    '"other"',
    '["api"]',
    '["other","api"]',
    "[]",
    '""',
    "null",
    "5",
    '["api",5]',
    "{}",
    '{"api":1}',
]
AUDIENCES += ['[["api"]]', "true", '"API"', '["api","api"]', "[null]", '"api "']
ISSUERS = ['"ref-issuer"'] * 3 + ['"other"', '""', "null", "5", '["ref-issuer"]', "{}", '"ref-issuer "', "true"]
HEADERS = [
    '{"typ":"JWT","alg":"%s"}',
    '{"alg":"%s"}',
    '{ "alg" : "%s" }',
    '{"\\u0061lg":"%s"}',
    '{"ALG":"%s"}',
    '{"alg":["%s"]}',
]
HEADERS += ['{"alg":"%%s","typ":%s}' % value for value in ("null", '"jwt"', "5")]
HEADERS += ['{"alg":"%%s","kid":%s}' % value for value in ('"x"', '""', "null", "1")]
HEADERS += ['{"alg":"%%s","crit":%s}' % value for value in ('["x"]', "[]", "null", '"x"')]
HEADERS += ['{"alg":"%s","b64":true}', '{"alg":"%s","b64":null}', '{"alg":"%s","zip":"DEF"}', '{"alg":"%s","x5c":[]}']
HEADERS += ['{"alg":"none","alg":"%s"}', '{"alg":"%s","alg":"none"}', '{"alg":"%s","typ":"JWE","enc":"x"}']
HEADERS += ['{"alg":"none"}', '{"alg":"HS384"}', '{"alg":"HS512"}', '{"alg":"RS256"}', "[]", "null", '"x"']


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(NOW, tz)


jwt.api_jwt.datetime = flask_jwt_extended.view_decorators.datetime = Clock


def application(profile):
    app = Flask(profile)
    app.config.update(RECORDED["profiles"][profile], JWT_SECRET_KEY=RECORDED["secret"], PROPAGATE_EXCEPTIONS=False)
    app.logger.disabled = True
    manager = JWTManager(app)
    manager.token_in_blocklist_loader(lambda _, claims: claims.get("jti") == RECORDED["revoked_jti"])
    for route, demands in ROUTES.items():
        view = jwt_required(**demands)(lambda: jsonify(identity=get_jwt_identity(), claims=get_jwt()))
        app.add_url_rule("/" + route, route, view)
    return app.test_client()


APPLICATIONS = {profile: application(profile) for profile in [*set(PROFILES), "bare-header"]}


def seldom(usual, unusual, chance=0.1):
    return unusual() if random.random() < chance else usual


def time_near(time):
    shifted = time + random.choice([-900, -31, -30, -1, 1, 30, 31, 900])
    numbers = [
        f"{time}.0",
        f"{time}.5",
        f"{time}.999",
        f"{time}e0",
        f"{time}0e-1",
        f"{time / 1e9}e9",
        "-0",
        "0",
        "-1",
        "1e3",
    ]
    numbers += [
        "1E400",
        "-1e400",
        "1e-5",
        "9" * 19,
        "9" * 20,
        "18446744073709551616",
        "9223372036854775808",
        "253402300800",
        "1e18",
    ]
    texts = [
        f'"{time}"',
        f'" {time} "',
        f'"{time}.0"',
        f'"+{time}"',
        f'"1_700_000_900"',
        f'"0{time}"',
        '""',
        '"abc"',
        '"0x10"',
        '"1e9"',
        '"-5"',
    ]
    return random.choice(
        [
            str(shifted),
            random.choice(numbers),
            random.choice(texts),
            random.choice(["true", "false", "null", "[]", "{}"]),
        ]
    )


def claims(profile):
    identity = RECORDED["profiles"][profile].get("JWT_IDENTITY_CLAIM", "sub")
    revoked = '"%s"' % RECORDED["revoked_jti"]
    said = [
        (identity, seldom('"user-1"', lambda: random.choice(TEXTS), 0.2)),
        ("jti", seldom('"196394be-1694-46e4-a58c-dd14c3aba96e"', lambda: random.choice(TEXTS + [revoked] * 20), 0.2)),
        ("type", random.choice(KINDS)),
        ("fresh", seldom(random.choice(["true", "false"]), lambda: time_near(TIME), 0.3)),
        ("iat", seldom(str(TIME), lambda: time_near(TIME))),
        ("nbf", seldom(str(TIME), lambda: time_near(TIME))),
        ("exp", seldom(str(TIME + 900), lambda: time_near(TIME + random.choice([0, 1, 900])))),
        ("csrf", seldom('"8bc337da"', lambda: random.choice(TEXTS))),
    ]
    said = [claim for claim in said if random.random() < 0.97]
    for name, values, profiles in (("aud", AUDIENCES, ("audience", "audiences")), ("iss", ISSUERS, ("issuer",))):
        if random.random() < (0.9 if profile in profiles else 0.1):
            said.append((name, random.choice(values)))
    if random.random() < 0.1:
        said.append((random.choice(["role", "sid", "gen", "user_id", "sub", "crit", "", "a.b"]), random.choice(TEXTS)))
    if random.random() < 0.08:  # the last one of two counts
        said.append((random.choice(said)[0], seldom(random.choice(TEXTS), lambda: time_near(TIME), 0.5)))
    if random.random() < 0.3:
        random.shuffle(said)
    comma, colon = random.choice([",", ", ", " ,\n\t"]), random.choice([":", ": ", " : "])
    body = "{" + comma.join(name_of(name) + colon + value for name, value in said) + "}"
    return seldom(
        body, lambda: random.choice([f" {body}\n", body + ",", f"[{body}]", body.replace('"', "'"), body[:-1]]), 0.04
    )


def name_of(claim):
    escaped = "".join("\\u%04x" % ord(letter) for letter in claim)
    return '"' + seldom(claim, lambda: escaped, 0.03) + '"'


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def signed(header, payload, algorithm, secret):
    message = encoded(header.encode()) + "." + encoded(payload.encode())
    return message + "." + encoded(hmac.new(secret.encode(), message.encode(), DIGESTS[algorithm]).digest())


def mangled(token):
    header, payload, signature = token.split(".")
    place = random.randrange(len(token))
    return random.choice(
        [
            token[:place] + random.choice("AbC-_=+/ .%") + token[place + 1 :],
            token[:-1] + random.choice("ABCDEFGHabcd0123-_"),
            token + random.choice(["=", "==", "A", ".", " "]),
            f"{header}=.{payload}.{signature}",
            f"{header}.{payload}=.{signature}",
            f"{header}.{payload}",
            f"{header}.{payload}.",
            f"{header}..{signature}",
            f".{token}",
            token.replace("-", "+").replace("_", "/"),
        ]
    )


def portable(value):
    """In brackets where strict readers of JSON refuse it."""
    if isinstance(value, dict):
        return {portable(name): portable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [portable(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value) or type(value) is int and abs(value) >= 1 << 63:
        return "(a number)"
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= letter < "\ue000" for letter in value):
        return "(a text)"
    return value


def asked(profile, authorization):
    """What each route answers."""
    outcomes = {}
    for route in ROUTES:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = APPLICATIONS[profile].get("/" + route, headers=headers)
        outcomes[route] = {"status": answer.status_code, "json": portable(answer.get_json(silent=True))}
    return outcomes


def header_case(number):
    """A good token, in an `Authorization` header that may be anything."""
    global NOW
    profile, NOW = random.choice(["default"] * 4 + ["bare-header"]), float(TIME)
    value = "".join(random.choice(PIECES) for _ in range(random.choice([0, 1, 1, 2, 2, 3, 4, 5])))
    value = seldom(value, lambda: None, 0.02)
    sent = None if value is None else value.replace("{t}", GOOD)
    case = {"id": f"header-{SEED}-{number}", "profile": profile, "now": NOW, "authorization": value}
    return {**case, "outcomes": asked(profile, sent)}


def case():
    global NOW
    profile = random.choice(PROFILES)
    algorithm = {"hs512": "HS512", "also-hs384": random.choice(["HS256", "HS384"])}.get(profile, "HS256")
    algorithm = seldom(algorithm, lambda: random.choice(list(DIGESTS)), 0.04)
    header = seldom('{"alg":"%s","typ":"JWT"}', lambda: random.choice(HEADERS), 0.25).replace("%s", algorithm)
    secret = seldom(RECORDED["secret"], lambda: RECORDED["other_secret"], 0.02)
    token = signed(header, claims(profile), algorithm, secret)
    token = seldom(token, lambda: mangled(token), 0.06)
    NOW = TIME + random.choice([0, 0, 0, 0, -1, 1, 899, 899.5, 900, 901, -30, -31, 929, 930, 931, 300, 600, 601])
    case = {"name": "random", "profile": profile, "token": token, "now": NOW}
    return {**case, "outcomes": asked(profile, "Bearer " + token)}


def is_accepted(case):
    return any(answer["status"] == 200 and answer["json"]["claims"] for answer in case["outcomes"].values())


HEADER_CASES = [header_case(number) for number in range(COUNT)]
MORE = {name: RECORDED[name] for name in ("secret", "other_secret", "revoked_jti", "profiles", "header_substitutions")}
record("jwt_tokens.json", case, is_accepted, header_cases=HEADER_CASES, **MORE)
