#!/usr/bin/env bash
# A good engineer expects a contact that is read and written again to keep its values. vobject 0.9.9 splits NICKNAME at its
# commas, as RFC 6350 section 6.2.3 (and RFC 2426 section 3.1.3) has it, and writes only the first: the other nicknames are
# gone without an error. GENDER, whose semicolon separates sex and identity (RFC 6350 section 6.2.7), gets the semicolon
# escaped, so that identity becomes part of the first field. CATEGORIES, of the same shape as NICKNAME, survives. It matters
# for profiles taken from address books: the name a person wants to be called by, or the words for their gender, are lost on
# the way back. Instead: keep the card's original text and change only one's own lines.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile vobject==0.9.9
venv/bin/python - <<'PY'
from importlib.metadata import version

import vobject

lines = ["CATEGORIES:Mentor,Guild", "NICKNAME:Ann,Annie", "GENDER:O;nonbinary"]
card = ["BEGIN:VCARD", "VERSION:4.0", "FN:Ann Example", *lines, "END:VCARD", ""]
written = vobject.readOne("\r\n".join(card)).serialize().splitlines()
seen = [next(line for line in written if line.startswith(wanted.split(":")[0])) for wanted in lines]
print("vobject", version("vobject"))
print("expected:", *lines)
print("seen:    ", *seen)
raise SystemExit(0 if seen == [lines[0], "NICKNAME:Ann", "GENDER:O\\;nonbinary"] else "the behaviour has changed")
PY
