"""The users that mongo:8 makes at its first start, where there is no mongosh to make them.

    mongo_users.py PORT SCRIPT …

One is `root`, by the environment. The others are made by the SCRIPTs, as they are: the server's own JavaScript engine
runs them, with as much of mongosh around them as they use, and tells which users they want.
"""

import json
import os
import pathlib
import struct
import sys

from mongo_command import command, succeeded

SECRETS = pathlib.Path("/run/secrets")

# `%s` is the script.
MONGOSH = """function (files) {
    const users = [];
    const fs = { readFileSync: (name) => files[name] };
    const db = { getSiblingDB: (database) => ({ createUser: (user) => users.push({ database, ...user }) }) };
    %s
    return JSON.stringify(users);
}"""


def wanted(port, script):
    """The users that a script makes."""
    files = {str(path): path.read_text(encoding="utf-8") for path in SECRETS.iterdir()}
    function = {"body": MONGOSH % script.read_text(encoding="utf-8"), "args": [{"$literal": files}], "lang": "js"}
    pipeline = [{"$documents": [{}]}, {"$project": {"users": {"$function": function}}}]
    answer = command(port, {"aggregate": 1, "pipeline": pipeline, "cursor": {}})
    if not succeeded(answer):
        sys.exit(f"{script}: {answer!r}")
    name = b"\x02users\0"  # a string of that name
    at = answer.index(name) + len(name)
    (length,) = struct.unpack_from("<i", answer, at)
    return json.loads(answer[at + 4 : at + 4 + length - 1])


def create(port, database, user, pwd, roles):
    answer = command(port, {"createUser": user, "pwd": pwd, "roles": roles}, database)
    if not succeeded(answer):
        sys.exit(f"the user {user} can't be made: {answer!r}")


def main(port, *scripts):
    password = pathlib.Path(os.environ["MONGO_INITDB_ROOT_PASSWORD_FILE"]).read_text(encoding="utf-8")
    create(port, "admin", os.environ["MONGO_INITDB_ROOT_USERNAME"], password, ["root"])
    for script in scripts:
        for user in wanted(port, pathlib.Path(script)):
            create(port, **user)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
