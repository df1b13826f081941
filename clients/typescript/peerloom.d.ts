/** Types of peerloom.js. Paths, bodies and answers are those of the OpenAPI documents (types/*.d.ts). */
import type { paths as Analytics } from "./types/analytics.js";
import type { paths as Feedback } from "./types/feedback.js";
import type { components, paths as Integrations } from "./types/integrations.js";
import type { paths as Matching } from "./types/matching.js";
import type { paths as Profile } from "./types/profile.js";
import type { paths as Sessions } from "./types/sessions.js";

type Paths = Analytics & Feedback & Integrations & Matching & Profile & Sessions;
type Method = "get" | "post" | "put" | "patch" | "delete";

/** A path of the documents, with its parameters filled in: `/v1/matches/${id}` is one of `/v1/matches/{match_id}`. */
type Filled<P extends string> = P extends `${infer Before}{${string}}${infer After}` ? `${Before}${string}${Filled<After>}` : P;
type With<M extends Method> = { [P in keyof Paths]: Paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof Paths];
type Matching_<M extends Method, A extends string> = {
  [P in With<M>]: A extends Filled<P & string> ? P : never;
}[With<M>];

type Json<T> = T extends { content: { "application/json": infer B } } ? B : undefined;
type Success<R> = R extends { 200: infer A } ? Json<A> : R extends { 201: infer A } ? Json<A> : R extends { 202: infer A } ? Json<A> : undefined;
type Answer<M extends Method, A extends string> = Paths[Matching_<M, A>] extends infer Item
  ? Item extends Record<M, { responses: infer R }> ? Success<R> : never
  : never;
type Body<M extends Method, A extends string> = Paths[Matching_<M, A>] extends infer Item
  ? Item extends Record<M, { requestBody: infer B }> ? Json<B> : undefined
  : never;
type Known<M extends Method> = Filled<With<M> & string>;
type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;
type Item<T> = T extends { items: readonly (infer I)[] } ? I : never;

export type PeerloomEvent = components["schemas"]["EventOut"];

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly errors: readonly { pointer: string; detail: string; code?: string }[];
  readonly traceId: string;
}

export interface Following {
  after?: string;
  types?: readonly string[];
  participantId?: string;
  programId?: string;
  signal?: AbortSignal;
}

export class Peerloom {
  constructor(address: string | ((path: string) => string), token: string | (() => string | Promise<string>));
  get<A extends Known<"get">>(path: A, query?: Query): Promise<Answer<"get", A>>;
  post<A extends Known<"post">>(path: A, body?: Body<"post", A>, key?: string): Promise<Answer<"post", A>>;
  put<A extends Known<"put">>(path: A, body: Body<"put", A>): Promise<Answer<"put", A>>;
  patch<A extends Known<"patch">>(path: A, body: Body<"patch", A>, version: number): Promise<Answer<"patch", A>>;
  delete<A extends Known<"delete">>(path: A): Promise<Answer<"delete", A>>;
  items<A extends Known<"get">>(path: A, query?: Query): AsyncGenerator<Item<Answer<"get", A>>>;
  follow(options?: Following): AsyncGenerator<{ cursor: string; event: PeerloomEvent }>;
}
