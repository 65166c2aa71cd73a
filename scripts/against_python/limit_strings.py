"""Limit strings, as `limits` reads them."""

import random

from limits import parse_many

from cases import record

UNITS = ["second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "month", "months", "year", "years"]
UNITS += ["Hour", "DAYS", "hourS"]
NO_UNITS = ["", "sec", "hourly", "minutess", "fortnight", "year\u017f", "\u017fecond", "Kday"]
SEPARATORS = [";", ",", "|"] * 4 + ["; ", " , ", ";\n", "||", ";;", ":", ":;", " & ", "\n", " ", "", "/"]
BLANKS = [
    " ",
    "  ",
    "\t",
    "\n",
    "\x0b",
    "\x0c",
    "\r",
    "\x1c",
    "\x1f",
    "\x85",
    "\xa0",
    "\u2003",
    "\u3000",
    "\u200b",
    "\ufeff",
    "",
    "",
]
NUMBERS = ["1", "2", "20", "0", "007", "18446744073709551615", "18446744073709551616", "9" * 24, "4294967296"]
NO_NUMBERS = ["", "\u0663", "\uff11", "\u00b2", "1e3", "1_0", "+1", "-1", "1.0"]
PER = ["per", "PER", "pEr", "/", "/"]
NO_PER = ["p er", "//", "/per", "a", " ", "", "\u1d18er"]
ANYTHING = list("0123456789/;,|: \tperhouday\x00\u00e9\u0130\u0131\u212a") + BLANKS


def mostly(good, bad):
    return random.choice(good if random.random() < 0.95 else bad)


def blank():
    return random.choice(BLANKS) if random.random() < 0.15 else " "


def item():
    text = blank() + mostly(NUMBERS, NO_NUMBERS) + blank() + mostly(PER, NO_PER) + blank()
    if random.random() < 0.4:
        text += mostly(NUMBERS, NO_NUMBERS) + blank()
    return text + mostly(UNITS, NO_UNITS) + blank()


def mistyped(text):
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice(ANYTHING) + text[place + random.choice([0, 1]) :]


def read(text):
    try:
        limits = parse_many(text)
    except ValueError as error:
        return {"limits": None, "error": str(error)}
    read = [
        {
            "amount": limit.amount,
            "multiples": limit.multiples,
            "granularity": limit.GRANULARITY.name,
            "expiry_seconds": limit.get_expiry(),
        }
        for limit in limits
    ]
    return {"limits": read, "error": None}


def case():
    text = item()
    for _ in range(random.choice([0, 0, 0, 1, 1, 2, 3])):
        text += random.choice(SEPARATORS) + item()
    if random.random() < 0.3:
        text = mistyped(text)
    return {"input": text, **read(text)}


record("rate_limit_strings.json", case, lambda case: case["limits"] is not None)
