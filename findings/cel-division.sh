#!/usr/bin/env bash
# A good engineer expects two implementations of the Common Expression Language to answer one expression alike. In CEL integers
# divide to an integer, cut towards zero, and int holds 64 bits (language definition, "Arithmetic Operators", "Values"):
# cel-python 0.5.0 and cel-go say 18 / 12 == 1 is true. cel-js 0.8.2 (npm) has only JavaScript's numbers: 18 / 12 is 1.5, so
# the same rule is false, and 9007199254740993 equals 9007199254740992. No error in either. It matters for audience rules
# that the page previews and the server decides, such as "tenureMonths / 12 == 1": people are shown as included who are not.
# Instead: compare products (tenureMonths >= 12 && tenureMonths < 24), keep big identifiers strings, preview on the server.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile cel-python==0.5.0
npm install --silent --no-audit --no-fund --prefix . cel-js@0.8.2 >/dev/null
cat > check.mjs <<'JS'
import { evaluate } from "cel-js";
const people = { tenureMonths: 18 };
console.log([...process.argv.slice(2)].map((text) => evaluate(text, people)).join(" "));
JS
cat > check.py <<'PY'
import subprocess

import celpy

expressions = ["tenureMonths / 12 == 1", "9007199254740993 == 9007199254740992"]
environment = celpy.Environment()
person = {"tenureMonths": celpy.celtypes.IntType(18)}
right = [bool(environment.program(environment.compile(text)).evaluate(person)) for text in expressions]
seen = subprocess.run(["node", "check.mjs", *expressions], capture_output=True, text=True, check=True).stdout.split()
print("cel-python 0.5.0, cel-js 0.8.2", expressions, "for 18 months")
print("expected:", right, "(cel-python)")
print("seen:    ", seen)
raise SystemExit(0 if right == [True, False] and seen == ["false", "true"] else "the behaviour has changed")
PY
venv/bin/python check.py
