"""Requests to applications with Flask-Limiter, by all ways to set its limits."""

import math
import random

import stopped_clock
from flask import Blueprint, Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from cases import record

METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS"]
PATHS = ["/a"] * 4 + ["/b", "/item/1", "/item/2", "/exempt", "/strict", "/strict-plus", "/message", "/cost", "/retry"]
PATHS += ["/shared1", "/shared2", "/post-only", "/bp1", "/bp2", "/a?x=1"]
PEERS = ["192.0.2.1"] * 5 + ["192.0.2.2", "203.0.113.9", "2001:db8::1", "2001:db8:0:1::1"]
# None that a view has besides: the library would charge the one counter of both twice.
LIMITS = ["0 per minute", "1 per second", "2 per hour", "3 per minute", "5 per 2 minutes", "4 per hour", "6 per day"]
LIMITS += ["3 per minute; 5 per hour", "200 per day; 20 per hour", "2/second, 3/minute", "10 per month"]
STRATEGIES = ["fixed-window", "moving-window", "sliding-window-counter"]
PAUSES = [0] * 8 + [1 / 64, 0.5, 1, 10, 30, 59, 60, 61, 120, 1800, 3600, 86400]
PROFILES = {}


def profile():
    limiter = {"headers_enabled": True, "strategy": random.choice(STRATEGIES)}
    if random.random() < 0.8:
        limiter["default_limits"] = random.sample(LIMITS, random.choice([1, 1, 2]))
        limiter["default_limits_per_method"] = random.random() < 0.2
    app = {"RATELIMIT_DEFAULT": random.choice(LIMITS)} if random.random() < 0.2 else {}
    # Without defaults the library forgets its headers where a view's limit is for other methods.
    if "default_limits" in limiter and random.random() < 0.4:
        limiter["application_limits"] = random.sample(LIMITS, 1)
    return {"limiter": limiter, "app": app, "proxy_fix": None}


def application(profile):
    app = Flask("limited")
    app.config.update(profile["app"])
    limiter = Limiter(get_remote_address, storage_uri="memory://", **profile["limiter"])

    def add(path, *limits, on=app):
        def view(**_):
            return ("", 200, {"Retry-After": "500"}) if path == "/retry" else "ok"

        view.__name__ = "view" + path.replace("/", "_").replace("-", "_").replace("<", "").replace(">", "")
        for limit in limits:
            view = limit(view)
        on.add_url_rule(path, view.__name__, view, methods=METHODS, provide_automatic_options=False)

    group = limiter.shared_limit("2 per minute", scope="group")
    for path in ("/a", "/b", "/retry", "/item/<number>"):
        add(path)
    add("/exempt", limiter.exempt)
    add("/strict", limiter.limit("1 per minute"))
    add("/strict-plus", limiter.limit("2 per minute", override_defaults=False))
    add("/message", limiter.limit("1 per minute", error_message="slow down"))
    add("/cost", limiter.limit("5 per minute", cost=2))
    add("/shared1", group)
    add("/shared2", group)
    add("/post-only", limiter.limit("1 per minute", methods=["POST"]))
    blueprint = Blueprint("group", "group")
    limiter.limit("2 per minute")(blueprint)
    for path in ("/bp1", "/bp2"):
        add(path, on=blueprint)
    app.register_blueprint(blueprint)
    limiter.init_app(app)
    return app.test_client(), limiter


def case():
    name = f"profile-{len(PROFILES)}"
    PROFILES[name] = profile()
    client, limiter = application(PROFILES[name])
    stopped_clock.now, steps = 1700000000.0, []
    for _ in range(random.randint(3, 30)):
        stopped_clock.now += random.choice(PAUSES)
        path = random.choice(PATHS)
        if path == "/retry":  # else the library takes a second off the view's own time
            stopped_clock.now = float(math.ceil(stopped_clock.now))
        stopped_clock.clean(limiter.storage)
        step = {"at": stopped_clock.now, "method": random.choice(["GET"] * 4 + METHODS), "path": path}
        step |= {"remote_addr": random.choice(PEERS), "headers": {}}
        environment = {"REMOTE_ADDR": step["remote_addr"]}
        answer = client.open(step["path"], method=step["method"], environ_overrides=environment)
        step["response"] = {"status": answer.status_code, "headers": list(answer.headers)}
        steps.append(step)
    return {"name": "random", "profile": name, "steps": steps}


record(
    "limiter_responses.json",
    case,
    lambda case: case["steps"][-1]["response"]["status"] != 429,
    profiles=PROFILES,
)
