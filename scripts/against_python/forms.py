"""Scripts of browsers that send forms to an application with Flask-WTF."""

import base64
import json
import random

import stopped_clock
from flask import Flask
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect, generate_csrf
from wtforms import StringField
from wtforms.validators import DataRequired

from cases import record

SECRET = "csrf-session-secret-0123456789abcdef"
PROFILES = {
    "default": {},
    "no-time-limit": {"WTF_CSRF_TIME_LIMIT": None},
    "short": {"WTF_CSRF_TIME_LIMIT": 10},
    "check-off": {"WTF_CSRF_CHECK_DEFAULT": False},
    "other-names": {"WTF_CSRF_FIELD_NAME": "_tok", "WTF_CSRF_HEADERS": ["X-My-Csrf"]},
    "own-secret": {"WTF_CSRF_SECRET_KEY": "another-csrf-secret-0123456789abcdef"},
}
METHODS = ["POST"] * 6 + ["PUT", "PATCH", "DELETE", "GET", "OPTIONS"]
HEADERS = ["X-CSRFToken", "X-CSRF-Token", "x-csrftoken", "X-XSRF-TOKEN", "X-My-Csrf"]
FIELDS = ["csrf_token"] * 6 + ["_tok", "_tok", "form-csrf_token", "csrf-token", "CSRF_TOKEN"]
EDITS = ["flip", "cut", "nosig", "dataonly", "later", "raw", "quoted", "space"]
JUNK = ["", "x", "a.b.c", "....", "null", "AAAAAAAA"]
PAUSES = [0, 0, 0, 1, 5, 9, 10, 11, 600, 3589, 3599, 3600, 3601]
REFERERS = ["https://app.example/page", "https://app.example", "https://app.example/", "https://app.example/?a=b"]


def application(settings):
    app = Flask("forms")
    app.config.update(settings, SECRET_KEY=SECRET)
    protection = CSRFProtect(app)

    class Form(FlaskForm):
        name = StringField(validators=[DataRequired()])

    def form():
        form = Form()
        return {"valid": form.validate_on_submit(), "errors": form.errors}

    for path, view, methods in (
        ("/token", generate_csrf, ["GET"]),
        ("/do", lambda: "done", ["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ("/exempt", lambda: "exempt", ["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ("/form-only", lambda: form(), ["POST"]),
        ("/exempt-form", lambda: form(), ["POST"]),
    ):
        view.__module__ = path  # by which the exempt ones are told apart
        app.add_url_rule(path, path[1:], view, methods=methods)
        if path.startswith("/exempt"):
            protection.exempt(f"{path}.{view.__name__}")
    return app.test_client(use_cookies=False)


def edited(token, edit, session):
    data, time, signature = token.split(".")
    moved = base64.urlsafe_b64encode(int(1700009999).to_bytes(4, "big")).decode().rstrip("=")
    return {
        "flip": ".".join([data, time, ("A" if signature[0] != "A" else "B") + signature[1:]]),
        "cut": token[:-1],
        "nosig": f"{data}.{time}",
        "dataonly": data,
        "later": f"{data}.{moved}.{signature}",
        "raw": session,
        "quoted": f'"{token}"',
        "space": f" {token} ",
    }[edit]


def said(tokens):
    """What stands where a token should."""
    if not tokens or random.random() < 0.1:
        return random.choice(JUNK)
    name = random.choice(list(tokens))
    return "{%s}" % name if random.random() < 0.75 else "{%s:%s}" % (name, random.choice(EDITS))


def request(tokens, https):
    path = random.choice(["/do"] * 6 + ["/exempt", "/form-only", "/exempt-form"])
    method = "POST" if "form" in path else random.choice(METHODS)
    step = {"method": method, "path": path, "headers": {}, "form": None, "multipart": None, "json": None}
    kind = random.choice(["form"] * 5 + ["multipart", "json", "none"])
    fields = {random.choice(FIELDS): said(tokens)} if random.random() < 0.85 else {}
    if "form" in path:
        kind, fields["name"] = "form", random.choice(["x", "x", "x", ""])
    if kind != "none":
        step[kind] = fields
    if random.random() < 0.3:
        step["headers"][random.choice(HEADERS)] = said(tokens).strip() or "x"
    if https:
        step["headers"]["Referer"] = random.choice(REFERERS)
    if tokens and random.random() < 0.1:
        step["path"] += "?csrf_token={%s}" % random.choice(list(tokens))
    return step


def case():
    profile = random.choice(list(PROFILES) + ["default"] * 4)
    client, https = application(PROFILES[profile]), random.random() < 0.2
    stopped_clock.now, cookies, tokens, steps = 1700000000.0, {}, {}, []
    field = PROFILES[profile].get("WTF_CSRF_FIELD_NAME", "csrf_token")  # of the session, too

    def session(browser):
        content = cookies.get(browser, "").split(".")[0]
        return json.loads(base64.urlsafe_b64decode(content + "==")).get(field, "") if content else ""

    def send(browser, step, keep=None):
        own = session(browser)

        def fill(text):
            for name, token in tokens.items():
                text = text.replace("{%s}" % name, token)
                for edit in EDITS:
                    text = text.replace("{%s:%s}" % (name, edit), edited(token, edit, own))
            return text

        body = {}
        for kind in ("form", "multipart"):
            if step[kind] is not None:
                body["data"] = {name: fill(value) for name, value in step[kind].items()}
                body["content_type"] = {
                    "form": "application/x-www-form-urlencoded",
                    "multipart": "multipart/form-data",
                }[kind]
        if step["json"] is not None:
            body["json"] = {name: fill(value) for name, value in step["json"].items()}
        headers = {name: fill(value) for name, value in step["headers"].items()}
        if browser in cookies:
            headers["Cookie"] = "session=" + cookies[browser]
        base = ("https" if https else "http") + "://app.example"
        answer = client.open(fill(step["path"]), method=step["method"], base_url=base, headers=headers, **body)
        for name, value in answer.headers:
            if name == "Set-Cookie":
                cookies[browser] = value.split("session=")[1].split(";")[0]
        if keep:
            tokens[keep] = answer.text
        response = {"status": answer.status_code, "headers": list(answer.headers), "body": answer.text}
        steps.append(
            {
                "at": stopped_clock.now,
                "browser": browser,
                "https": https,
                "keep_token_as": keep,
                **step,
                "response": response,
            }
        )

    shown = {"method": "GET", "path": "/token", "headers": {}, "form": None, "multipart": None, "json": None}
    for browser, keep in random.choice([[("A", "t1")], [("A", "t1"), ("B", "t2")], [("A", "t1"), ("A", "t2")], []]):
        send(browser, shown, keep)
        stopped_clock.now += random.choice(PAUSES[:6])
    for _ in range(random.randint(1, 4)):
        stopped_clock.now += random.choice(PAUSES)
        send(random.choice("AAAB"), request(tokens, https))
    return {"name": "random", "profile": profile, "steps": steps}


record("csrf_cases.json", case, lambda case: case["steps"][-1]["response"]["status"] < 400)
