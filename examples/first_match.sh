#!/usr/bin/env bash
# From a people file to a confirmed match, in five calls. Start the stack with `make up`, paste the lines it prints, then:
#   examples/first_match.sh examples/people.csv
# Give it a people file of your own instead: the columns are those of examples/people.csv. It ends by printing the match.
set -euo pipefail

PEOPLE=${1:-examples/people.csv}
: "${TOKEN:?paste the lines that make up has printed: they set TOKEN and the addresses}"

get() { curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" "$1"; }
post() { # address, body, type of the body
  curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $(new_key)" \
    -H "Content-Type: ${3:-application/json}" --data-binary "$2" "$1"
}
new_key() { python3 -c 'import uuid; print(uuid.uuid4())'; }
field() { # of the JSON on standard input, by its path: id, items.0.id
  python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value)' "$1"
}
ended() { # address: imports and match runs are worked off in the background; prints the state they end in
  local state
  until state=$(get "$1" | field state) && [ "$state" != waiting ] && [ "$state" != running ]; do sleep 0.5; done
  echo "$state"
}

# 1. The people. Findings name every row that was refused or changed, with its line and the reason.
IMPORT=$(post "$PROFILE/v1/imports" "@$PEOPLE" text/csv | field id)
echo "import $IMPORT: $(ended "$PROFILE/v1/imports/$IMPORT")"
get "$PROFILE/v1/imports/$IMPORT/findings" | python3 -m json.tool

# 2. The program: what people meet for, and how long a proposal waits for their answers.
PROGRAM=$(post "$PROFILE/v1/programs" '{
  "name": "Peers across teams", "goal": "Learn from each other", "metric": "Nine of ten sessions are useful",
  "starts_on": "'"$(date +%Y-%m-%d)"'", "ends_on": "'"$(($(date +%Y) + 1))-12-31"'", "answer_within_seconds": 86400
}' | field id)

# 3. Who takes part, by a rule: here everybody who offers a skill and seeks one. Matching learns of it a moment later.
ENROLLED=$(post "$PROFILE/v1/programs/$PROGRAM/enrolments" '{"everybody": true}' | field enrolled)
echo "program $PROGRAM: $ENROLLED people enrolled"
known() { get "$MATCHING/v1/match-pools/$PROGRAM" 2>/dev/null | field enrolled 2>/dev/null || true; }
until [ "$(known)" = "$ENROLLED" ]; do sleep 0.5; done

# 4. The match run: everybody is compared with everybody, and the distance to the best possible answer is certified.
RUN=$(post "$MATCHING/v1/match-runs" '{"program_id": "'"$PROGRAM"'"}' | field id)
echo "match run $RUN: $(ended "$MATCHING/v1/match-runs/$RUN")"
get "$MATCHING/v1/match-runs/$RUN/certificate" | python3 -m json.tool

# 5. The answers: a match is confirmed once everybody in it has accepted. Here both people of the first proposal do.
MATCH=$(get "$MATCHING/v1/matches?program_id=$PROGRAM&state=proposed&limit=1" | field items.0.id)
for place in 0 1; do
  PERSON=$(get "$MATCHING/v1/matches/$MATCH" | field participant_ids.$place)
  post "$MATCHING/v1/matches/$MATCH/answers" '{"participant_id": "'"$PERSON"'", "answer": "accept"}' >/dev/null
done
get "$MATCHING/v1/matches/$MATCH" | python3 -m json.tool
