"""Hits at any times, by the three strategies of `limits`, in memory."""

import random

import stopped_clock
from limits import parse
from limits.storage.memory import MemoryStorage
from limits.strategies import STRATEGIES

from cases import record

NAMES = ["fixed-window", "moving-window", "sliding-window-counter"]
STARTS = [1700000000, 1700000001.5, 1699999999.984375, 1700000100, 1700003600, 1700006400]
# The shortest time that is exact both as a double and in microseconds: all times here are multiples of it.
TICK = 1 / 64
# In later centuries what the library computes with doubles is off by more than a microsecond.
END = 4_000_000_000


def pause(now, window, amount):
    kind = random.random()
    if kind < 0.35:
        return 0
    if kind < 0.5:
        return random.choice([TICK, 0.125, 0.25, 0.5, 1 - TICK, 1, 1 + TICK])
    if kind < 0.7:
        return window * random.choice([1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4])
    if kind < 0.8:
        return random.choice([window, 2 * window, window - TICK, window + TICK, window * 3])
    if kind < 0.9:
        return (now // window + 1) * window - now + random.choice([0, 0, -TICK, TICK])
    return random.random() * window / max(amount, 1)


def case():
    name, storage = random.choice(NAMES), MemoryStorage()
    limiter = STRATEGIES[name](storage)
    amount = random.choice([0, 1, 1, 2, 3, 5, 7, 10, 20, 100])
    unit = random.choice(["second", "minute", "hour", "day", "month", "year"])
    limit = f"{amount} per {random.choice([1, 1, 1, 2, 3, 5, 12])} {unit}"
    item = parse(limit)
    now, steps = random.choice(STARTS), []
    for _ in range(random.randint(3, 60)):
        if now > END:
            break
        now += max(round(pause(now, item.get_expiry(), amount) / TICK), 0) * TICK
        stopped_clock.now = now
        stopped_clock.clean(storage)
        op = random.choices(["hit", "test", "stats", "clear"], [12, 2, 1, 0.5])[0]
        key = random.choice("aaab")
        cost = random.choice([1, 1, 1, 1, 2, 3, amount, amount + 1]) or 1
        result = None
        if op == "hit":
            result = limiter.hit(item, key, cost=cost)
        elif op == "test":
            result = limiter.test(item, key, cost=cost)
        elif op == "clear":
            limiter.clear(item, key)
        after = limiter.get_window_stats(item, key)
        step = {"at": now, "op": op, "key": [key], "cost": cost, "result": result}
        steps.append({**step, "reset_time": after.reset_time, "remaining": after.remaining})
    return {"strategy": name, "name": "random", "limit": limit, "timer_dependent": False, "steps": steps}


record("rate_limit_sequences.json", case, lambda case: case["steps"][-1]["result"] is not False)
