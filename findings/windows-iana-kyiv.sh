#!/usr/bin/env bash
# A good engineer expects a mapping of IANA time zones to Windows' names to know the zones that the IANA data itself prefers.
# windows-iana 5.1.0 (npm) follows CLDR's windowsZones, which keeps the identifiers of its first years: Europe/Kyiv (preferred
# since 2022), America/Ciudad_Juarez and Pacific/Kanton find an empty list, while Europe/Kiev finds its name. Node's Intl
# accepts them all; UTS 35 leaves the step from a new alias to CLDR's identifier to the caller. It matters when invitations go
# to Outlook and Microsoft Graph, which want a Windows name: people in Ukraine get none, and most code then falls back to UTC.
# Instead: look the alias up first (Europe/Kiev), and treat an unknown zone as an error, not as UTC.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . windows-iana@5.1.0 >/dev/null
cat > check.mjs <<'JS'
import windowsIana from "windows-iana";
const zones = ["Europe/Kiev", "Europe/Kyiv", "America/Ciudad_Juarez", "Pacific/Kanton"];
const known = zones.map((zone) => new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== undefined);
const seen = zones.map((zone) => windowsIana.findWindows(zone));
console.log("windows-iana 5.1.0", zones.join(" "));
console.log("expected: a name for each; valid to Intl:", known.join(" "));
console.log("seen:    ", seen);
if (seen.join() !== "FLE Standard Time,,," || known.includes(false)) throw new Error("the behaviour has changed");
JS
node check.mjs
