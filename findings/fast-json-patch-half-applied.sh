#!/usr/bin/env bash
# A good engineer expects a JSON Patch to be applied whole or not at all: RFC 6902 section 5 stops at the first failed operation
# and, by RFC 5789, leaves the document as it was; section 4.3 has replace fail where there is nothing to replace.
# fast-json-patch 3.1.1 changes the caller's document in place and leaves the operations before a failed test in it; without
# validation, its default, replace and remove of a missing member succeed, and a replace beyond the end of an array pads it
# with holes that become null. jsonpatch 1.48 for Python refuses all of them. It matters for PATCH requests guarded by a test
# operation: the guard fails, the error is answered, and the cached object is changed all the same. Instead:
# applyPatch(document, patch, true, false).newDocument, which validates and copies.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . fast-json-patch@3.1.1 >/dev/null
cat > check.cjs <<'JS'
const { applyPatch } = require("fast-json-patch");
const attempt = (document, patch, ...options) => {
  let error = "no error";
  try { applyPatch(document, patch, ...options); } catch (raised) { error = raised.name; }
  return `${JSON.stringify(document)} ${error}`;
};
const guarded = [{ op: "replace", path: "/seats", value: 9 }, { op: "test", path: "/version", value: 1 }];
const beyond = [{ op: "replace", path: "/skills/3", value: "Go" }];
const seen = [attempt({ seats: 2, version: 2 }, guarded), attempt({ skills: ["SQL"] }, beyond)];
const strict = [attempt({ seats: 2, version: 2 }, guarded, true, false), attempt({ skills: ["SQL"] }, beyond, true, false)];
console.log("fast-json-patch 3.1.1");
console.log("expected:", strict);
console.log("seen:    ", seen);
const known = ['{"seats":9,"version":2} TEST_OPERATION_FAILED', '{"skills":["SQL",null,null,"Go"]} no error'];
if (seen.join() !== known.join() || !strict[0].startsWith('{"seats":2')) throw new Error("the behaviour has changed");
JS
node check.cjs
