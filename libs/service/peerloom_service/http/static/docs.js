// The page where the API is tried: Swagger UI with a key for each new request and a login that reaches the issuer.
"use strict";

const KEY = "Idempotency-Key";
const here = new URL("docs/", location.href);

/** Fill the key's field, so that nothing has to be invented. Whoever wants to repeat a request writes a key of their own. */
function withKey(document) {
  document.components.parameters.IdempotencyKey.example = crypto.randomUUID();
  return document;
}

async function show() {
  const document_ = withKey(await (await fetch("openapi.json")).json());
  const offered = document_.components.parameters.IdempotencyKey.example;
  const tokens = document_.components.securitySchemes.oauth2.flows.clientCredentials.tokenUrl;
  let used = false;

  SwaggerUIBundle({
    spec: document_,
    dom_id: "#api",
    deepLinking: true,
    displayRequestDuration: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    requestInterceptor(request) {
      if (request.url === tokens) {
        request.url = new URL("token", here).href; // issuers answer no page of another origin: the service asks for us
      } else if (request.headers && request.headers[KEY] === offered) {
        if (used) request.headers[KEY] = crypto.randomUUID();
        used = true;
      }
      return request;
    },
  });
}

show();
