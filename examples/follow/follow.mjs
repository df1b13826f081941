// Follows events on Kafka and prints them: npm install kafkajs cloudevents; KAFKA=127.0.0.1:8192 node follow.mjs
import { Kafka as Binding, CloudEvent } from "cloudevents";
import { Kafka, logLevel } from "kafkajs";

const kafka = new Kafka({ brokers: [process.env.KAFKA], logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: process.env.GROUP ?? "warehouse.follow-js" });
await consumer.connect();
await consumer.subscribe({ topics: ["matching.matches.v1"], fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    if (message.value === null) return; // a tombstone
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, value.toString()]));
    const event = Binding.toEvent({ headers, key: message.key?.toString(), value: message.value.toString(), body: message.value.toString() });
    if (!(event instanceof CloudEvent)) throw new Error("This is not a CloudEvent.");
    console.log(event.type, event.tenantid, JSON.stringify(event.data));
  },
});
