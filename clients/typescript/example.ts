/** Checked with `npm run check`: what the documents say is what the compiler knows. */
import { Peerloom, Problem } from "./peerloom.js";

const peerloom = new Peerloom("https://peerloom.example.com", async () => "token");

for await (const match of peerloom.items("/v1/matches", { state: "proposed" })) {
  const state: string = match.state;
  console.log(match.id, state);
}
const webhook = await peerloom.post("/v1/webhooks", { url: "https://hooks.example.com/", description: "", types: [], after: "latest" });
const secret: string = webhook.secret;
const read = await peerloom.get(`/v1/webhooks/${webhook.id}`);
// @ts-expect-error the secret is shown once, when the webhook is registered
read.secret;
// @ts-expect-error there is no such path
await peerloom.get("/v1/unicorns");
try {
  for await (const { cursor, event } of peerloom.follow({ types: ["io.peerloom.matching.match.confirmed.v1"] })) console.log(cursor, event.data, secret);
} catch (error) {
  if (error instanceof Problem && error.code === "cursor-too-old") console.error(error.message);
}
