"""Hashes of passwords, as Werkzeug checks them."""

import math
import random

from werkzeug.security import _hash_internal, check_password_hash

from cases import record

NUMBERS = ["1", "2", "8", "16", "64", "128", "1000", "1024"] * 2
NUMBERS += [
    "0",
    "00",
    "01",
    "+1",
    "-1",
    "1_0",
    "_1",
    "1__0",
    " 1",
    "1 ",
    "\t8",
    "\n1",
    "\uff11",
    "\u0662",
    "1.0",
    "1e3",
]
NUMBERS += ["", "a", "0x10", "\xb2", "1\u20031", "\xa01", "1\x1c", "\u200b1", "9" * 20, "1023", "1\x00"]
# Not `md5-sha1`, which only OpenSSL has.
DIGESTS = ["sha256"] * 20 + ["sha1", "sha224", "sha384", "sha512", "md5", "SHA256", "sha-256", "SHA-1", "sha512-256"]
DIGESTS += [
    "sha512_256",
    "sha512-224",
    "sha3_256",
    "sha3-512",
    "SHA3-256",
    "blake2b",
    "blake2s",
    "blake2b512",
    "BLAKE2B512",
]
DIGESTS += [
    "blake2s256",
    "shake_128",
    "ripemd160",
    "sm3",
    "whirlpool",
    "md4",
    "",
    "x",
    " sha256",
    "sha256 ",
    "SHA2-256",
    "RSA-SHA256",
]
PASSWORDS = ["hunter2", "", "\xe9", "a\x00", "secret", "secret\x00", "\U0001f511"] + [
    "x" * length for length in (63, 64, 65, 129)
]
SALTS = ["SaltSaltSaltSalt"] * 8 + ["", "a", "\xfc", "a b", "$", "a$b", "x" * 65, "\x00", "salt:1", "\n"]
NO_METHODS = ["pbkdf2 ", "scrypt ", "scrypt\n", "PBKDF2", "plain", "sha256", "argon2", "pbkdf2_sha256", ""]
# What one check may cost here, where there are thousands; and the r times p of scrypt beyond which we check none.
MOST, MOST_R_P = 1 << 20, 1 << 15


def method():
    if random.random() < 0.5:
        name, parts = "pbkdf2", [random.choice(DIGESTS), random.choice(NUMBERS)]
    else:
        name, parts = (
            "scrypt",
            [random.choice(NUMBERS), random.choice(["1", "8", random.choice(NUMBERS)]), random.choice(NUMBERS)],
        )
    if random.random() < 0.05:
        parts.append("1")
    if name == "scrypt" and random.random() < 0.05:
        parts.pop()
    if random.random() < 0.05:
        name = random.choice(NO_METHODS)
    return ":".join([name, *parts])


def is_cheap(method):
    costs = [cost(part) for part in method.split(":")[1:]]
    return max(costs, default=1) > 1 << 40 or math.prod(costs) <= MOST and math.prod(costs[1:]) <= MOST_R_P


def cost(part):
    try:
        return abs(int(part)) or 1
    except ValueError:
        return 1


def mistyped(text):
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice("0af \n$:\xe9") + text[place + random.choice([0, 1]) :]


def case():
    while not is_cheap(how := method()):
        pass
    salt, password = random.choice(SALTS), random.choice(PASSWORDS)
    try:
        digest, _ = _hash_internal(how, salt, password)
    except Exception:  # it raises many kinds
        digest = "ab" * 32
    if random.random() < 0.1:
        digest = random.choice([digest.upper(), digest[:-1], digest + "0", digest + "\n", "", " " + digest])
    stored = f"{how}${salt}${digest}"
    if random.random() < 0.1:
        stored = mistyped(stored)
    if not is_cheap(stored.split("$")[0]):
        return case()
    if random.random() < 0.1:
        password = random.choice(PASSWORDS)
    verdict = {"verify": None, "error": None}
    try:
        verdict["verify"] = check_password_hash(stored, password)
    except Exception as error:
        verdict["error"] = {"message": str(error)}
    return {"password": password, "hash": stored, **verdict}


record("password_hashes.json", case, lambda case: case["verify"], foreign_cases=[])
