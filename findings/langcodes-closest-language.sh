#!/usr/bin/env bash
# A good engineer expects a language matcher to offer people the wrong language only when told to. langcodes 3.5.1 says that
# the closest match for Ukrainian among Russian and English is Russian, for Welsh English, for Catalan Spanish, just inside
# its default limit of 25: CLDR's older table of fallbacks counts who is likely to understand what, not which languages are
# alike. The formatjs matcher (npm, newer CLDR data, 0.10.1) finds no match for Ukrainian. It matters when a mentor is sought
# or a mail is written in a person's language: to many, this answer is an offence. Instead: max_distance=10 (variants of one
# language pass, other languages do not), and ask the person.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv --without-pip venv
python3 -m pip --python venv/bin/python install -q --no-compile langcodes==3.5.1
npm install --silent --no-audit --no-fund --prefix . @formatjs/intl-localematcher@0.10.1 >/dev/null
cat > check.mjs <<'JS'
import { match } from "@formatjs/intl-localematcher";
console.log(match(["uk"], ["ru", "en"], "und"));
JS
formatjs=$(node check.mjs) venv/bin/python - <<'PY'
import os
from importlib.metadata import version

import langcodes

offers = {"uk": ["ru", "en"], "cy": ["en", "ga"], "ca": ["es", "fr"]}
seen = [langcodes.closest_match(wanted, offered) for wanted, offered in offers.items()]
strict = [langcodes.closest_match(wanted, offered, max_distance=10)[0] for wanted, offered in offers.items()]
pairs = {"pt-BR": ["pt-PT", "en"], "nb": ["no", "en"]}
variants = [langcodes.closest_match(wanted, offered, max_distance=10)[0] for wanted, offered in pairs.items()]
print("langcodes", version("langcodes"), "@formatjs/intl-localematcher 0.10.1")
print("expected: no match, as with max_distance=10:", strict, "and as formatjs has it for uk:", os.environ["formatjs"])
print("seen:    ", seen)
same = [code for code, _ in seen] == ["ru", "en", "es"] and strict == ["und"] * 3 and variants == ["pt-PT", "no"]
raise SystemExit(0 if same and os.environ["formatjs"] == "und" else "the behaviour has changed")
PY
