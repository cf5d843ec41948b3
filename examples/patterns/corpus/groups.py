"""The admin group: `"admin"` is an element of the claim `groups`, or is its text."""

from .token import ADMIN, NOW, VALID
from .token import bearer, with_payload

_IN = {
    "only": '["admin"]', "first": '["admin","users"]', "last": '["users","admin"]',
    "middle": '["a","admin","z"]', "twice": '["admin","admin"]', "text": '"admin"',
    "escaped": '["\\u0061dmin"]', "escaped-all": '["\\u0061\\u0064\\u006d\\u0069\\u006e"]',
    "spaces": '[ "users" ,\n\t"admin" ]',
    "after-number": '[1,-2.5e3,"admin"]', "after-null": '[null,true,"admin"]',
    "after-array": '[[],["x",["y"]],"admin"]', "after-object": '[{"a":{"b":[1]}},"admin"]',
    "after-brackets-in-text": '["]","}","[{","admin"]', "after-quote": '["\\"","admin"]',
    "after-backslash": '["\\\\","\\\\\\"","admin"]', "after-comma": '[",",",,","admin"]',
    "after-lookalikes": '["xadmin","admin,","administrators","admin"]',
    "after-empty": '["","admin"]', "of-hundreds": '[%s,"admin"]' % ",".join(
        f'"team-{i:04}"' for i in range(600)),
    "not-ascii": '["\u0430dmin","\u2713","admin"]',
}

_OUT = {
    "absent": None, "null": "null", "empty": "[]", "number": "1", "true": "true", "zero": "0",
    "empty-text": '""', "users": '["users"]', "other-case": '["Admin","ADMIN"]',
    "longer": '["administrators"]', "shorter": '["admi"]', "space-before": '[" admin"]',
    "space-after": '["admin "]', "nul-after": '["admin\\u0000"]', "newline": '["admin\\n"]',
    "comma-before": '[",admin"]', "comma-after": '["admin,"]',
    "commas-around": '["users,admin,guests"]', "commas-and-spaces": '["users, admin"]',
    "commas-across": '["x,","admin,y"]', "quoted": '["\\"admin\\""]',
    "quote-comma-quote": '["users\\",\\"admin"]', "backslash-quote": '["\\\\\\",\\"admin\\""]',
    "brackets-in-text": '["[\\"admin\\"]"]',
    "homoglyph": '["\u0430dmin"]', "full-width": '["\uff41\uff44\uff4d\uff49\uff4e"]',
    "combining": '["admin\u0301"]', "escaped-twice": '["\\\\u0061dmin"]',
    "inner-array": '[["admin"]]', "inner-inner-array": '[[["admin"]]]',
    "inner-object": '[{"admin":true}]', "inner-name": '[{"name":"admin"}]',
    "number-element": '[1]', "true-element": "[true]",
    "text-longer": '"administrators"', "text-with-commas": '"users,admin"',
    "text-with-spaces": '"users admin"', "text-json": '"[\\"admin\\"]"',
    "object-member": '{"admin":true}', "object-of-groups": '{"groups":["admin"]}',
    "object-member-false": '{"admin":false}', "object-value": '{"role":"admin"}',
}

# Other claims that look like the one that counts.
_DECOYS = {
    "nested": '"a":{"groups":["admin"]}', "nested-after": '"z":{"groups":["admin"]}',
    "nested-text": '"a":{"groups":"admin"}', "nested-deep": '"a":[{"b":[{"groups":["admin"]}]}]',
    "other-case": '"Groups":["admin"]', "space-in-name": '"groups ":["admin"]',
    "dot-in-name": '"x.groups":["admin"]', "quote-in-name": '"x\\"groups":["admin"]',
    "quote-ends-name": '"x,\\"groups":["admin"]', "json-in-text": '"a":"{\\"groups\\":[\\"admin\\"]}"',
    "fragment-in-text": '"a":"\\",\\"groups\\":[\\"admin\\"],\\"b\\":\\""',
    "backslash-in-text": '"a":"\\\\","b":",\\"groups\\":[\\"admin\\"]"',
    "value-groups": '"a":"groups","b":["admin"]', "array-of-both": '"a":["groups",["admin"]]',
    "singular": '"group":["admin"]', "roles": '"roles":["admin"]',
    "brackets-in-text": '"a":"}}]]","b":{"groups":["admin"]}',
}


def tokens():
    for name, text in _IN.items():
        yield bearer(f"admin-{name}", _token(f'"groups":{text}'), ADMIN)
    yield bearer("admin-name-escaped", _token('"\\u0067roups":["admin"]'), ADMIN)
    yield bearer("admin-last-of-many", _token('"groups":["admin"],%s' % ",".join(
        f'"a{i}":{{"groups":["no-{i}"]}}' for i in range(250))), ADMIN)
    yield bearer("admin-beside-decoys", _token('"groups":["admin"],' + ",".join(
        f'"{chr(98 + i)}":{{{text}}}' for i, text in enumerate(_DECOYS.values()))), ADMIN)
    for name, text in _OUT.items():
        yield bearer(f"no-admin-{name}", _token(text and f'"groups":{text}'), VALID)
    for name, text in _DECOYS.items():
        yield bearer(f"decoy-{name}", _token(text), VALID)
        yield bearer(f"decoy-{name}-beside-comma", _token(f'{text},"groups":["x,admin,y"]'), VALID)


def _token(members):
    parts = ['"sub":"alice"', members, '"exp":%d' % (NOW + 3600)]
    return with_payload("{%s}" % ",".join(filter(None, parts)))
