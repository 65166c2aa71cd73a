"""The few commands that scripts/mongo gives a mongod, without a driver.

    mongo_command.py await PORT PID          waits until that process answers there; fails when it ends before
    mongo_command.py initiate NAME PORT …    makes a replica set of these servers and waits for its primary
"""

import socket
import struct
import sys
import time

PATIENCE = 60


def encode(document):
    """BSON (bsonspec.org), as far as it is needed here."""
    body = b""
    for key, value in document.items():
        name = key.encode() + b"\0"
        if isinstance(value, bool):
            body += b"\x08" + name + struct.pack("<?", value)
        elif isinstance(value, int):
            body += b"\x10" + name + struct.pack("<i", value)
        elif isinstance(value, str):
            text = value.encode() + b"\0"
            body += b"\x02" + name + struct.pack("<i", len(text)) + text
        elif isinstance(value, list):
            body += b"\x04" + name + encode({str(at): item for at, item in enumerate(value)})
        else:
            body += b"\x03" + name + encode(value)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def command(port, document, database="admin"):
    """Sends a command (OP_MSG); the answer as BSON."""
    body = struct.pack("<i", 0) + b"\0" + encode({**document, "$db": database})
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(struct.pack("<iiii", len(body) + 16, 1, 0, 2013) + body)
        stream = connection.makefile("rb")
        (length,) = struct.unpack("<i", stream.read(4))
        return stream.read(length - 4)[17:]


def succeeded(answer):
    return b"\x01ok\0" + struct.pack("<d", 1.0) in answer


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (OSError, struct.error):
            pass
        time.sleep(0.05)
    sys.exit(f"scripts/mongo: not within {PATIENCE} s: {what}")


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def answers(port, pid):
    if not runs(pid):
        sys.exit(1)
    # Another server may have taken the port first.
    return b"\x12pid\0" + struct.pack("<q", pid) in command(port, {"serverStatus": 1})


def initiate(name, ports):
    members = [{"_id": at, "host": f"127.0.0.1:{port}"} for at, port in enumerate(ports)]
    # An election after a test's failover is to take a second or two, not the ten of production.
    settings = {"electionTimeoutMillis": 2000}
    answer = command(ports[0], {"replSetInitiate": {"_id": name, "members": members, "settings": settings}})
    if not succeeded(answer):
        sys.exit(f"scripts/mongo: the replica set does not start: {answer!r}")
    primary = b"\x08isWritablePrimary\0\x01"
    until("the replica set has a primary", lambda: any(primary in command(port, {"hello": 1}) for port in ports))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["await", port, pid]:
            until("the server answers", lambda: answers(int(port), int(pid)))
        case ["initiate", name, *ports]:
            initiate(name, [int(port) for port in ports])
        case _:
            sys.exit(__doc__)
