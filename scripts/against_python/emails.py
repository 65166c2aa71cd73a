"""Addresses, as `email-validator` judges them."""

import json
import random
import unicodedata

from email_validator import EmailNotValidError, validate_email

from cases import record, vectors

KNOWN = [case["input"] for case in vectors("emails.json")["cases"]]
KNOWN = [known for known in KNOWN if isinstance(known, str) and len(known) < 120]
ODD = list(" \t\n\x00\x7f.@\"\\()<>[],:;-_+'*")
ODD += list("\xa0\xad\u200b\u200c\u200d\ufeff\u2028\u3002\uff0e\uff61\u0301\u0308\xb7\u318d\u30fb\u30fc\u094d")
ODD += list(
    "\xe9\xdf\u03c2\u0131\u0130\u212a\ufb01\u2460\xb2\xaa\u05d0\u0628\u0661\u06f1\u4e2d\u0660\U0001d41a\u01c5\u1e9e\ufdfa\u338f"
)
ODD += ["e\u0301", "\u0915\u094d\u200d\u0937", "\U0001f600", "\u2764\ufe0f", "xn--", "XN--", "--", "a-", "-a", "l\xb7l"]
TOPS = [
    "com",
    "org",
    "co.uk",
    "museum",
    "test",
    "localhost",
    "local",
    "invalid",
    "example",
    "arpa",
    "onion",
    "internal",
]
TOPS += ["\u4e2d\u56fd", "xn--fiqs8s", "de", "\u0440\u0444", "xn--a", "1a", "a1", "c"]
LABELS = ["example", "a", "foo-bar", "x1", "m\xfcnchen", "stra\xdfe", "xn--mnchen-3ya", "xn--a", "xn--80ak6aa92e"]
LABELS += ["b" * length for length in (62, 63, 64)] + ["\xfc" * length for length in (30, 57, 58, 59)]


def letters(plain, most):
    return "".join(random.choice(plain if random.random() < 0.95 else ODD) for _ in range(random.randint(0, most)))


def label():
    return random.choice(LABELS) if random.random() < 0.3 else letters("abcxyz0189-", 8)


def local():
    if random.random() < 0.15:
        return '"' + letters(['\\"', "\\\\", "\\"] + list("ab c.@"), 6) + '"'
    return letters("abcXYZ019.+_-!#$%&'*/=?^`{|}~", random.choice([3, 6, 10, 65]))


def mistyped(text):
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(text) + 1)
        text = text[:place] + random.choice(ODD + [""]) + text[place + random.choice([0, 1]) :]
    return text


def address():
    kind = random.random()
    if kind < 0.35:
        return mistyped(random.choice(KNOWN))
    if kind < 0.8:
        return local() + "@" + ".".join([label() for _ in range(random.randint(1, 3))] + [random.choice(TOPS)])
    form = random.choice(["%s@example.com", "a%sb@example.com", "a@%s.com", "a@a%sb.com", "a@a%s.de"])
    return form % chr(random.choice([random.randrange(0x80, 0x3000), random.randrange(0x80, 0x20000)]))


def is_known_to_python(text):
    """Its tables of Unicode are older than ours, and no surrogate comes over the wire."""
    return not any(unicodedata.category(letter) in ("Cn", "Cs") for letter in text)


def case():
    while not is_known_to_python(text := address()):
        pass
    try:
        verdict = {"valid": True, "normalized": validate_email(text, check_deliverability=False).normalized}
    except EmailNotValidError as error:
        verdict = {"valid": False, "error": json.dumps(str(error))}
    return {"input": text, "email_validator": verdict}


record("emails.json", case, lambda case: case["email_validator"]["valid"])
