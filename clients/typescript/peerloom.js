/**
 * Peerloom's API and events, in browsers and Node. No dependency and no build step: import this file.
 * What it takes and gives is typed in peerloom.d.ts, from the OpenAPI documents.
 */

const TRIES = 5;
const AGAIN = new Set([429, 502, 503, 504]);
const LONGEST_PAUSE = 30_000;
const SILENCE = 45_000; // a living stream says something every 15 seconds

/** A problem document (RFC 9457): `code` names the page docs/problems/<code>.md, which says what to do. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? document.title ?? `The service answered ${status}.`);
    this.name = "Problem";
    this.status = status;
    this.code = document.code ?? "";
    this.title = document.title ?? "";
    this.errors = document.errors ?? [];
    this.traceId = document.trace_id ?? "";
  }
}

export class Peerloom {
  /**
   * @param address of the gateway in front of all services, such as "" for the page's own host; or a function from a path to
   *   its whole address.
   * @param token the access token, or a function that gives one: it is asked with every request, and may renew it.
   */
  constructor(address, token) {
    this.url = typeof address === "function" ? address : (path) => address.replace(/\/$/, "") + path;
    this.token = typeof token === "function" ? token : () => token;
  }

  get(path, query) {
    return this.call("GET", path, { query });
  }

  /** Do something, once: a repeat has the same Idempotency-Key. */
  post(path, body = {}, key = crypto.randomUUID()) {
    return this.call("POST", path, { body, headers: { "idempotency-key": key } });
  }

  put(path, body) {
    return this.call("PUT", path, { body });
  }

  /** Change the version that was read; a Problem `precondition-failed` where there is a newer one. */
  patch(path, body, version) {
    return this.call("PATCH", path, { body, headers: { "if-match": `"${version}"` } });
  }

  delete(path) {
    return this.call("DELETE", path, {});
  }

  /** Every item of a list, page by page as they are asked for. */
  async *items(path, query = {}) {
    let cursor;
    do {
      const page = await this.get(path, { limit: 500, ...query, cursor });
      yield* page.items;
      cursor = page.next;
    } while (cursor);
  }

  /**
   * The organisation's events behind a cursor, as they happen, without end: `{cursor, event}`. It resumes by itself.
   * Ends when `signal` aborts. Throws a Problem where going on is of no use, such as `cursor-too-old`.
   */
  async *follow({ after = "latest", types = [], participantId, programId, signal } = {}) {
    const query = { types, participant_id: participantId, program_id: programId };
    let cursor = after === "latest" ? (await this.get("/v1/events", { after, limit: 1 })).next : after;
    for (let failed = 0; !signal?.aborted; failed += 1) {
      try {
        for await (const message of this.#messages({ ...query, after: cursor }, signal)) {
          failed = 0;
          if (message.id) cursor = message.id;
          if (message.data) yield { cursor, event: JSON.parse(message.data) };
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (error instanceof Problem && !AGAIN.has(error.status)) throw error;
      }
      await pause(backoff(failed + 1), signal);
    }
  }

  async *#messages(query, signal) {
    const quiet = new AbortController();
    const stop = () => quiet.abort();
    signal?.addEventListener("abort", stop);
    let timer = setTimeout(stop, SILENCE);
    try {
      const answer = await fetch(this.#address("/v1/events/stream", query), {
        headers: { authorization: `Bearer ${await this.token()}` },
        signal: quiet.signal,
      });
      if (!answer.ok) throw await problemOf(answer);
      let text = "";
      const decoder = new TextDecoder();
      for await (const chunk of chunksOf(answer.body)) {
        clearTimeout(timer);
        timer = setTimeout(stop, SILENCE);
        const blocks = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
        text = blocks.pop();
        for (const block of blocks) yield fieldsOf(block);
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      quiet.abort();
    }
  }

  async call(method, path, { query, body, headers }) {
    for (let tried = 1; ; tried += 1) {
      let answer;
      try {
        answer = await fetch(this.#address(path, query), {
          method,
          headers: {
            authorization: `Bearer ${await this.token()}`,
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...headers,
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
      } catch (error) {
        if (tried === TRIES) throw error;
        await pause(backoff(tried));
        continue;
      }
      if (answer.ok) return answer.status === 204 ? undefined : answer.json();
      if (tried === TRIES || !AGAIN.has(answer.status)) throw await problemOf(answer);
      const asked = Number(answer.headers.get("retry-after"));
      await pause(asked > 0 ? Math.min(asked * 1000, LONGEST_PAUSE) : backoff(tried));
    }
  }

  #address(path, query = {}) {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : [value]) if (one != null) parameters.append(name, String(one));
    }
    const text = parameters.toString();
    return this.url(path) + (text && `?${text}`);
  }
}

async function problemOf(answer) {
  const document = await answer.json().catch(() => ({}));
  return new Problem(answer.status, document);
}

async function* chunksOf(body) {
  const reader = body.getReader(); // not every browser can loop over a stream
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function fieldsOf(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^([a-z]*): ?(.*)$/.exec(line) ?? [];
    if (name) fields[name] = name in fields ? `${fields[name]}\n${value}` : value;
  }
  return fields;
}

function backoff(tried) {
  return Math.min(100 * 2 ** tried, LONGEST_PAUSE) * (0.5 + Math.random() / 2);
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
