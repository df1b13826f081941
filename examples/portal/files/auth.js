/**
 * Logging in. Either way the portal is given the same: `token()`, an access token that is good now; `person`, the id of the
 * participant who is logged in, or null where the login is the organisation's; `leave()`.
 *
 * config.json chooses: {"login": {"kind": "development"}}, or for people at the organisation's identity provider
 * {"login": {"kind": "oidc", "issuer": "https://…", "client_id": "…", "scope": "openid …", "participant_claim": "participant_id"}}.
 */

const KEPT = "peerloom.login";
const EARLY = 60_000;

export async function login(config) {
  return config.kind === "oidc" ? people(config) : organisation();
}

/** On a developer's machine: the server of the portal asks for the token, and the secret stays there. */
async function organisation() {
  let kept;
  async function token() {
    if (!kept || Date.now() > kept.until) {
      const answer = await fetch("/session", { method: "POST" });
      if (!answer.ok) throw new Error("The login is not available. Is the stack up?");
      const told = await answer.json();
      kept = { token: told.access_token, until: Date.now() + told.expires_in * 1000 - EARLY };
    }
    return kept.token;
  }
  await token();
  return { token, person: null, leave: () => location.reload() };
}

/** Authorization code with PKCE (RFC 7636) at an OpenID provider. */
async function people(config) {
  const discovered = await fetch(`${config.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const provider = await discovered.json();
  const back = location.origin + location.pathname;
  const answer = new URLSearchParams(location.search);
  const begun = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");

  if (answer.has("error")) throw new Error(answer.get("error_description") ?? answer.get("error"));
  if (!answer.has("code") || answer.get("state") !== begun.state) return begin();

  history.replaceState(null, "", back);
  sessionStorage.removeItem(KEPT);
  let kept = await told({ grant_type: "authorization_code", code: answer.get("code"), redirect_uri: back, code_verifier: begun.verifier });
  const claims = claimsOf(kept.id_token ?? kept.access_token);
  if (kept.id_token && claims.nonce !== begun.nonce) throw new Error("This login is not the one that was begun here. Log in again.");

  async function token() {
    if (Date.now() > kept.until) {
      if (!kept.refresh_token) await begin();
      kept = { ...kept, ...(await told({ grant_type: "refresh_token", refresh_token: kept.refresh_token })) };
    }
    return kept.access_token;
  }

  async function told(form) {
    const response = await fetch(provider.token_endpoint, {
      method: "POST",
      body: new URLSearchParams({ ...form, client_id: config.client_id }),
    });
    const said = await response.json();
    if (!response.ok) throw new Error(said.error_description ?? said.error ?? "The login failed. Try again.");
    return { ...said, until: Date.now() + (said.expires_in ?? 300) * 1000 - EARLY };
  }

  async function begin() {
    const [verifier, state, nonce] = [random(), random(), random()];
    sessionStorage.setItem(KEPT, JSON.stringify({ verifier, state, nonce }));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const asked = { response_type: "code", client_id: config.client_id, redirect_uri: back, scope: config.scope, state, nonce };
    location.assign(`${provider.authorization_endpoint}?${new URLSearchParams({ ...asked, code_challenge: base64url(digest), code_challenge_method: "S256" })}`);
    return new Promise(() => {}); // the page is left
  }

  const person = claims[config.participant_claim ?? "participant_id"] ?? null;
  return { token, person, leave: () => location.assign(provider.end_session_endpoint ?? back) };
}

function claimsOf(token) {
  const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)).buffer);
const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
