#!/usr/bin/env bash
# A good engineer expects a reader that is asked for dates to honour the workbook's date system: a workbook saved on an older
# Mac counts days from 1904 (date1904, ECMA-376 part 1 section 18.17.4.1). npm's newest xlsx, 0.18.5, with cellDates: true
# counts from 1900 whatever the workbook says: every date is 1,462 days (four years and a day) early, no warning. openpyxl,
# calamine and exceljs read the same file right. It matters for hire dates in an HR export: a plausible year, so nobody
# notices, and every rule on length of service is wrong. Instead: read with another library, or check
# workbook.Workbook.WBProps.date1904 and refuse.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . xlsx@0.18.5 exceljs@4.4.0 >/dev/null 2>&1
cat > check.cjs <<'JS'
const ExcelJS = require("exceljs");
const XLSX = require("xlsx");
process.env.TZ = "UTC";
(async () => {
  const book = new ExcelJS.Workbook();
  book.properties.date1904 = true;
  book.addWorksheet("people").getCell("A1").value = new Date(Date.UTC(2026, 2, 2));
  await book.xlsx.writeFile("people.xlsx");
  const again = new ExcelJS.Workbook();
  await again.xlsx.readFile("people.xlsx");
  const expected = again.getWorksheet("people").getCell("A1").value.toISOString().slice(0, 10);
  const read = XLSX.readFile("people.xlsx", { cellDates: true });
  const seen = read.Sheets.people.A1.v.toISOString().slice(0, 10);
  console.log(`xlsx ${XLSX.version}, exceljs 4.4.0, date1904: ${read.Workbook.WBProps.date1904}`);
  console.log(`expected: ${expected} (exceljs)\nseen:     ${seen}`);
  if (expected !== "2026-03-02" || seen !== "2022-03-01") throw new Error("the behaviour has changed");
})();
JS
node check.cjs
