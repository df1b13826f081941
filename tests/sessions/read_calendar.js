// Reads a JSON list of iCalendar texts from standard input and writes what node-ical and ical.js find in each.
const fs = require("node:fs");
const nodeIcal = require("node-ical");

const plain = (value) => (value && value.val !== undefined ? value.val : value);
const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

const byNodeIcal = (text) => {
  const read = nodeIcal.sync.parseICS(text);
  const calendar = read.vcalendar ?? {};
  return Object.values(read)
    .filter((one) => one.type === "VEVENT")
    .map((event) => ({
      method: event.method ?? calendar.method ?? null,
      uid: event.uid,
      sequence: Number(event.sequence),
      status: event.status,
      start: event.start.toISOString(),
      end: event.end.toISOString(),
      organizer: plain(event.organizer),
      attendees: list(event.attendee).map(plain),
    }));
};

const byIcalJs = (ICAL) => (text) => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  return calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    return {
      method: calendar.getFirstPropertyValue("method"),
      uid: event.uid,
      sequence: event.sequence,
      status: component.getFirstPropertyValue("status"),
      start: event.startDate.toJSDate().toISOString(),
      end: event.endDate.toJSDate().toISOString(),
      organizer: event.organizer,
      attendees: event.attendees.map((one) => one.getFirstValue()),
    };
  });
};

(async () => {
  const texts = JSON.parse(fs.readFileSync(0, "utf8"));
  const { default: ICAL } = await import("ical.js");
  process.stdout.write(JSON.stringify({ "node-ical": texts.map(byNodeIcal), "ical.js": texts.map(byIcalJs(ICAL)) }));
})();
