#!/usr/bin/env bash
# A good engineer expects a number shown with a unit to be read as a number. Excel writes the custom format for "8h" as 0\h:
# the backslash shows the next character literally (ECMA-376 part 1 section 18.8.31). exceljs 4.4.0 looks for the letters of
# date formats without minding the backslash, so 8 hours (0\h) and 15 days (0\d) become dates in January 1900. With quotes,
# 0"h", it reads the number; openpyxl 3.1.5 and xlsx read both right. It matters for weekly hours and days of leave in HR
# exports: mentors with 8 hours a week get a date, which JSON turns into a string. Instead: read the raw value
# from the sheet's XML, or refuse a Date in a column that is declared numeric.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm install --silent --no-audit --no-fund --prefix . exceljs@4.4.0 xlsx@0.18.5 >/dev/null 2>&1
cat > check.cjs <<'JS'
const ExcelJS = require("exceljs");
const XLSX = require("xlsx");
(async () => {
  const book = new ExcelJS.Workbook();
  const sheet = book.addWorksheet("people");
  [['0\\h', 8], ['0\\d', 15], ['0"h"', 8]].forEach(([format, value], i) => {
    Object.assign(sheet.getCell(`A${i + 1}`), { value, numFmt: format });
  });
  await book.xlsx.writeFile("people.xlsx");
  const again = new ExcelJS.Workbook();
  await again.xlsx.readFile("people.xlsx");
  const seen = [1, 2, 3].map((row) => again.getWorksheet("people").getCell(`A${row}`).value);
  const other = XLSX.readFile("people.xlsx", { cellDates: true }).Sheets.people;
  const expected = [1, 2, 3].map((row) => other[`A${row}`].v);
  console.log(`exceljs 4.4.0, xlsx ${XLSX.version}`);
  console.log("expected:", JSON.stringify(expected), "(xlsx)");
  console.log("seen:    ", JSON.stringify(seen));
  const dates = seen[0] instanceof Date && seen[1] instanceof Date && seen[2] === 8;
  if (!dates || expected.join() !== "8,15,8") throw new Error("the behaviour has changed");
})();
JS
node check.cjs
