#!/usr/bin/env bash
# A good engineer expects a sniffer that says it beats the standard library's to see that a file of one column has no
# delimiter. clevercsv 0.8.5 takes "@" for the delimiter of a list of e-mail addresses and reads two columns, the names and
# the domains; the heading has one field only, and nothing is raised. (The standard library's csv.Sniffer does no better: it
# picks the letter m.) A single column of "family, given" names is cut at the comma. It matters for invitation lists, which
# are often exactly one column of addresses: every address is lost. Instead: try only the delimiters one allows, comma,
# semicolon, tab and bar, and take a file whose first row holds none of them for one column.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile clevercsv==0.8.5
venv/bin/python - <<'PY'
import csv, io

import clevercsv

people = "email\nanna@example.org\nbert@example.org\ncara@example.org\n"
dialect = clevercsv.Sniffer().sniff(people)
seen = list(clevercsv.reader(io.StringIO(people), dialect))
try:
    standard = csv.Sniffer().sniff(people).delimiter
except csv.Error as error:
    standard = str(error)
print("clevercsv", clevercsv.__version__, "standard library:", standard)
print("expected: one column of addresses")
print("seen:     delimiter", repr(dialect.delimiter), seen)
raise SystemExit(0 if dialect.delimiter == "@" and seen[1] == ["anna", "example.org"] else "the behaviour has changed")
PY
