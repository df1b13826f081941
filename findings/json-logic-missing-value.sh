#!/usr/bin/env bash
# A good engineer expects one JSON Logic rule to choose the same people in the browser and on the server: that a rule is
# portable is the format's promise. json-logic-js 2.0.5 compares like JavaScript, where a missing or null value is less than
# 2; json-logic-qubit 0.9.1 for Python says that it is not. A remainder of a negative number differs as well (-2 and 1), so
# "every third week" shifts for dates before the start. Neither raises. It matters for audience rules such as "tenure below
# 2 years": people whose tenure is unknown are in by the preview and out by the run. Instead: guard every comparison with
# "!=": [..., null] inside an "and", keep numbers that go into % positive, and evaluate on the server only.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile json-logic-qubit==0.9.1
npm install --silent --no-audit --no-fund --prefix . json-logic-js@2.0.5 >/dev/null
cat > check.cjs <<'JS'
const logic = require("json-logic-js");
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(([rule, person]) => logic.apply(rule, person))));
JS
cat > check.py <<'PY'
import json, subprocess

import json_logic

below = {"<": [{"var": "tenure"}, 2]}
guarded = {"and": [{"!=": [{"var": "tenure"}, None]}, below]}
cases = [(below, {"tenure": 1}), (below, {"tenure": None}), ({"%": [-5, 3]}, {}), (guarded, {"tenure": None}), (guarded, {"tenure": 1})]
in_python = [json_logic.jsonLogic(rule, person) for rule, person in cases]
answer = subprocess.run(["node", "check.cjs", json.dumps(cases)], capture_output=True, text=True, check=True).stdout
in_javascript = json.loads(answer)
print("json-logic-js 2.0.5, json-logic-qubit 0.9.1: tenure 1, tenure null, -5 % 3, both guarded")
print("expected: the same answers")
print("seen:     JavaScript", in_javascript)
print("          Python    ", in_python)
same = in_javascript == [True, True, -2, False, True] and in_python == [True, False, 1, False, True]
raise SystemExit(0 if same else "the behaviour has changed")
PY
venv/bin/python check.py
