/** The portal: what a participant does, and what a program manager does, with the public API and its events alone. */
import { login } from "./auth.js";
import { Peerloom, Problem } from "./peerloom.js";

const element = (id) => document.getElementById(id);
const names = new Map();
let peerloom;
let person;

async function start() {
  try {
    const config = await (await fetch("config.json")).json();
    const session = await login(config.login);
    peerloom = new Peerloom("", session.token);
    person = session.person;
    for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => show(button.dataset.view));
    await choosePerson(session.person);
    await Promise.all([showMine(), showPrograms()]);
    follow();
  } catch (error) {
    complain(error);
  }
}

/** Where the login is the organisation's, one chooses whom to look at; a person who is logged in is that person. */
async function choosePerson(loggedIn) {
  const select = element("person");
  if (loggedIn) {
    element("who").hidden = true;
    return;
  }
  const page = await peerloom.get("/v1/participants", { limit: 200 });
  for (const one of page.items) names.set(one.id, one.name);
  select.replaceChildren(...page.items.map((one) => new Option(`${one.name}, ${one.job_title}`, one.id)));
  person = page.items[0]?.id;
  select.addEventListener("change", () => {
    person = select.value;
    attempt(showMine);
  });
}

function show(view) {
  for (const button of document.querySelectorAll("nav button")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  element("mine").hidden = view !== "mine";
  element("programs").hidden = view !== "programs";
  element("main").focus();
}

// -- a participant ----------------------------------------------------------------------------------------------------

async function showMine() {
  if (!person) {
    fill("proposals", [], "There are no people yet. Import some, then come back.");
    return;
  }
  const [matches, sessions, surveys] = await Promise.all([
    peerloom.get("/v1/matches", { participant_id: person, state: "proposed", limit: 20 }),
    peerloom.get("/v1/sessions", { participant_id: person, limit: 20 }),
    peerloom.get("/v1/surveys", { participant_id: person, state: "open", limit: 20 }),
  ]);
  await know([...matches.items, ...sessions.items].flatMap((one) => one.participant_ids));
  fill("proposals", matches.items.map(proposal), "No proposal waits for you.");
  fill("meetings", sessions.items.filter((one) => one.state === "scheduled").map(meeting), "No meeting is planned.");
  fill("surveys", surveys.items.map(survey), "Nothing to answer.");
}

function proposal(match) {
  const answered = match.accepted_ids.includes(person);
  const answer = (value) => () =>
    attempt(async () => {
      await peerloom.post(`/v1/matches/${match.id}/answers`, { participant_id: person, answer: value });
      await showMine();
    });
  return card(
    others(match.participant_ids),
    make("ul", { className: "reasons" }, match.reasons.map((reason) => make("li", {}, reasonText(reason)))),
    make("p", { className: "soft" }, answered ? "You have accepted. The others are asked too." : `Answer by ${day(match.answer_by)}.`),
    answered ? "" : actions(["Accept", answer("accept"), "main"], ["Decline", answer("decline")]),
  );
}

function reasonText({ code, subject, giver_id: giver }) {
  const what = code.replaceAll("_", " ").replaceAll("-", " ");
  const who = giver ? ` (${nameOf(giver)})` : "";
  return `${what[0].toUpperCase()}${what.slice(1)}${subject ? `: ${subject}` : ""}${who}`;
}

function meeting(session) {
  const more = make("div", { hidden: true });
  const agenda = () =>
    attempt(async () => {
      const found = await peerloom.get(`/v1/sessions/${session.id}/agenda`);
      const items = found.items.map((item) => make("li", {}, `${item.title}, ${item.minutes} min`));
      reveal(more, make("p", {}, found.aim), make("ol", {}, items));
    });
  const move = () =>
    attempt(async () => {
      const found = await peerloom.get(`/v1/relationships/${session.match_id}/slots`, { limit: 5 });
      const times = found.items.map((slot) => [when(slot.starts_at), () => reschedule(session, slot), ""]);
      reveal(more, found.items.length ? "Times that suit everybody:" : "There is no other time that suits everybody.", actions(...times));
    });
  return card(
    others(session.participant_ids),
    make("p", {}, `${when(session.starts_at)}, meeting ${session.number}`),
    actions(["Agenda", agenda], ["Another time", move]),
    more,
  );
}

function reschedule(session, slot) {
  return attempt(async () => {
    await peerloom.post(`/v1/sessions/${session.id}/reschedule`, { starts_at: slot.starts_at, participant_id: person });
    await showMine();
  });
}

function survey(one) {
  const form = make("form", {}, [
    make("fieldset", {}, [
      make("legend", {}, "How useful was it? 1: not at all, 5: very"),
      ...[1, 2, 3, 4, 5].map((value) => make("label", {}, [make("input", { type: "radio", name: "usefulness", value, required: true }), String(value)])),
    ]),
    make("label", {}, [make("input", { type: "checkbox", name: "learned" }), "I learned something"]),
    make("label", {}, [make("input", { type: "checkbox", name: "again" }), "I want to meet again"]),
    make("div", { className: "actions" }, make("button", { className: "main" }, "Send")),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(form);
    attempt(async () => {
      await peerloom.post(`/v1/surveys/${one.id}/responses`, {
        usefulness: Number(given.get("usefulness")),
        learned_something: given.has("learned"),
        meet_again: given.has("again"),
      });
      await showMine();
    });
  });
  return card("How was your meeting?", form);
}

// -- a program manager ------------------------------------------------------------------------------------------------

async function showPrograms() {
  const { items } = await peerloom.get("/v1/programs", { limit: 50 });
  const pools = await Promise.all(items.map((program) => peerloom.get(`/v1/match-pools/${program.id}`).catch(() => null)));
  fill("program-list", items.map((program, index) => programCard(program, pools[index])), "No program has been launched yet.");
}

function programCard(program, pool) {
  const figures = pool
    ? [["Enrolled", pool.enrolled], ["Free", pool.free], ["Asked", pool.proposed], ["Matched", pool.confirmed]]
    : [];
  const bar = make("progress", { max: 1, value: 0, hidden: true, ariaLabel: `Matching of ${program.name}` });
  bar.dataset.program = program.id;
  const run = () =>
    attempt(async () => {
      bar.hidden = false;
      await peerloom.post("/v1/match-runs", { program_id: program.id });
    });
  return card(
    program.name,
    make("p", { className: "soft" }, `${program.format.replaceAll("-", " ")}, ${day(program.starts_on)} to ${day(program.ends_on)}`),
    make("p", {}, program.goal),
    make("dl", {}, figures.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))])),
    bar,
    actions(["Match people", run, "main"]),
  );
}

// -- events -----------------------------------------------------------------------------------------------------------

async function follow() {
  element("live").textContent = "Up to date";
  let due;
  try {
    for await (const { event } of peerloom.follow()) {
      const kind = event.type.split(".").slice(2, 5).join(".");
      if (kind === "matching.run.progressed") progress(event.data);
      clearTimeout(due); // many events come together: the page is read anew once
      due = setTimeout(() => attempt(() => Promise.all([showMine(), showPrograms()])), 300);
      element("live").textContent = `Updated ${new Date().toLocaleTimeString()}`;
    }
  } catch (error) {
    element("live").textContent = "Not connected. Reload the page.";
    complain(error);
  }
}

function progress({ program_id: program, share }) {
  const bar = document.querySelector(`progress[data-program="${program}"]`);
  if (bar) Object.assign(bar, { hidden: false, value: share ?? 0 });
}

// -- parts ------------------------------------------------------------------------------------------------------------

/** Names are asked for when they are shown; no event has them. */
async function know(ids) {
  const unknown = [...new Set(ids)].filter((id) => !names.has(id));
  await Promise.all(
    unknown.map(async (id) => {
      const found = await peerloom.get(`/v1/participants/${id}`).catch(() => null);
      names.set(id, found?.name ?? "A colleague");
    }),
  );
}

const nameOf = (id) => names.get(id) ?? "A colleague";
const others = (ids) => ids.filter((id) => id !== person).map(nameOf).join(" and ");
const day = (text) => new Date(text).toLocaleDateString(undefined, { dateStyle: "medium" });
const when = (text) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

function make(tag, attributes = {}, children = []) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...[children].flat());
  return made;
}

function card(title, ...parts) {
  return make("li", { className: "fresh" }, [make("h4", {}, title), ...parts]);
}

function actions(...buttons) {
  return make("div", { className: "actions" }, buttons.map(([text, onclick, className = ""]) => make("button", { type: "button", onclick, className }, text)));
}

function fill(id, items, otherwise) {
  element(id).replaceChildren(...(items.length ? items : [make("li", { className: "none" }, otherwise)]));
}

function reveal(place, ...parts) {
  place.hidden = false;
  place.replaceChildren(...parts);
}

async function attempt(work) {
  try {
    element("problem").hidden = true;
    await work();
  } catch (error) {
    complain(error);
  }
}

function complain(error) {
  element("problem").hidden = false;
  element("problem").textContent = error instanceof Problem ? error.message : `That did not work: ${error.message}`;
  if (!(error instanceof Problem)) console.error(error);
}

await start();
