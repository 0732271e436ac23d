// Talking to the server: /api/v1 and nothing else.

import { knows, t } from "./words.js";

const ROOT = "/api/v1";
const POLL_MS = 1000;
const STREAM_AGAIN_MS = 30_000;
const ASK_AGAIN_MS = 400;

/** An error with a sentence for people; `kind` names it as the server does. */
export class Problem extends Error {
  constructor(kind, detail = "", status = 0) {
    super(detail);
    this.kind = kind;
    this.status = status;
  }

  get sentence() {
    return t(knows(`error.${this.kind}`) ? `error.${this.kind}` : "error.internal");
  }

  /** Whether the same request may work later: the server was not reached or is in trouble. */
  get passing() {
    return ["network", "wait", "busy"].includes(this.kind) || (this.status >= 502 && this.kind !== "no-space");
  }
}

export const isAbort = (error) => error.name === "AbortError";
export const problemOf = (error) => (error instanceof Problem ? error : new Problem("internal", String(error)));
const path = (id, part = "") => `/photos/${id}${part}`;

async function ask(where, options = {}) {
  const headers = { Accept: "application/json", ...options.headers };
  const response = await fetch(ROOT + where, { cache: "no-store", ...options, headers }).catch((error) => {
    throw isAbort(error) ? error : new Problem("network");
  });
  if (response.ok) return response;
  throw await refusal(response.status, () => response.json());
}

async function refusal(status, body) {
  if (status === 401) location.assign("/login");
  const told = await Promise.resolve().then(body).catch(() => null);
  return new Problem(told?.kind ?? (status === 413 ? "too-large" : "internal"), told?.detail, status);
}

const send = (method, where, body, more = {}) =>
  ask(where, {
    method,
    ...more,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...more.headers },
  });
const json = async (asked) => (await asked).json();
const tagOf = (response) => response.headers.get("ETag")?.replace(/^W\/|"/g, "") ?? "";

// ---- photos

export const photos = () => json(ask("/photos"));
export const photo = (id) => json(ask(path(id)));
export const remove = (id) => send("DELETE", path(id));
export const removeAll = () => send("DELETE", "/photos");
export const patch = (id, changes) => json(send("PATCH", path(id), changes));

/** Hands a file over; `progressed` hears the share that has been sent. Not fetch(), which tells no progress. */
export function upload(file, query, signal, progressed) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${ROOT}/photos?${query}`);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    let sent = false;
    request.upload.onload = () => (sent = true);
    request.upload.onprogress = (event) => event.lengthComputable && progressed(event.loaded / event.total);
    request.onload = async () => {
      if (request.status === 201 || request.status === 200) return resolve({ photo: request.response, fresh: request.status === 201 });
      reject(await refusal(request.status, () => request.response));
    };
    request.onerror = () => reject(new Problem("network"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    // Once the server has it all, only its answer tells which photo to delete.
    signal.addEventListener("abort", () => sent || request.abort());
    request.send(file);
  });
}

// ---- plans and previews

/** What was found, and the revision that a change of it must name. */
export async function plan(id, signal) {
  const response = await ask(path(id, "/plan"), { signal });
  return { plan: await response.json(), revision: tagOf(response) };
}

/** Saves a plan; refused with the kind "conflict" if the revision is no longer the one named. */
export async function savePlan(id, plan, revision) {
  const response = await send("PUT", path(id, "/plan"), plan, { headers: { "If-Match": `"${revision}"` } });
  const photo = await response.json();
  return { photo, revision: tagOf(response) || photo.revision };
}

export const original = async (id, signal) => (await ask(path(id, "/original"), { signal })).blob();

export async function preview(id, query, plan, signal) {
  return (await send("POST", path(id, `/preview?${query}`), plan, { signal })).blob();
}

// ---- videos

/** When each frame of a video begins, in seconds; "not-ready" until that is known. */
export const times = (id, signal) => json(ask(path(id, "/times"), { signal }));
export const videoAddress = (id) => ROOT + path(id, "/video");

export const frame = async (id, number, signal) => (await ask(path(id, `/frames/${number}`), { signal })).blob();

export async function coveredFrame(id, number, query, plan, signal) {
  return (await send("POST", path(id, `/frames/${number}?${query}`), plan, { signal })).blob();
}

/** The face of somebody who was followed, as a small square picture. */
export const person = async (id, track, signal) => (await ask(path(id, `/people/${track}`), { signal })).blob();

/**
 * Has what is in a box of a frame followed through the shot; `wish` is {frame, box, shape}. Returns the region that
 * follows it; `progressed` hears {done, total}. Once it is aborted, the server stops too.
 */
export async function follow(id, wish, signal, progressed) {
  const where = path(id, "/follow");
  try {
    for (;;) {
      const answer = await json(send("POST", where, wish, { signal }));
      if (answer.state === "ready") return answer.region;
      progressed(answer);
      await pause(signal);
    }
  } catch (error) {
    if (isAbort(error)) await send("DELETE", where, wish).catch(() => null);
    throw error;
  }
}

// ---- sound

export const soundAddress = (id) => ROOT + path(id, "/sound");

/** Where speech was heard in a sound file, in seconds, and how loud it is when: {stretches, peaks}. */
export const hearing = (id, signal) => json(ask(path(id, "/hearing"), { signal }));

/** Has a few seconds made as they would be. Returns {start, stretches, before, after}, the last two addresses. */
export async function trial(id, query, at, signal) {
  const where = path(id, `/trial?${query}${at === null ? "" : `&at=${at.toFixed(2)}`}`);
  for (;;) {
    const answer = await json(send("POST", where, undefined, { signal }));
    if (answer.state === "ready") return answer;
    await pause(signal);
  }
}

// ---- results

/** Waits until the result is there. Returns {url, extension, bytes, altered, dropped}; `progressed` hears {done, total} of a video. */
export async function result(id, query, signal, progressed = () => null) {
  for (;;) {
    const answer = await json(send("POST", path(id, `/result?${query}`), undefined, { signal }));
    if (answer.state === "ready") return answer;
    progressed(answer);
    await pause(signal);
  }
}

/** Lets a result be fetched in which a face may still show. Returns what result() does. */
export const release = (id, query) => json(send("POST", path(id, `/release?${query}`)));

/** Has the server stop making a result. */
export const stopResult = (id, query) => send("DELETE", path(id, `/result?${query}`));

async function pause(signal) {
  await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  signal?.throwIfAborted();
}

export const reportAddress = (id, query) => ROOT + path(id, `/report?${query}`);
export const auditAddress = (id, kind, query) => `${ROOT}${path(id, `/audit${kind}?${query}`)}`;
export const archiveAddress = `${ROOT}/archive`;

// ---- news

/**
 * Calls `heard` with all photos, at once and whenever one changes; `lost` hears whether the server is out of reach.
 * News come as a stream; while there is none, the page asks every second.
 */
export function watch(heard, lost) {
  let source = null;
  let timer = null;

  const poll = async () => {
    const told = await photos().then((answer) => (heard(answer.photos), true), () => false);
    lost(!told);
    if (timer !== null) timer = setTimeout(poll, POLL_MS);
  };
  const rest = () => {
    clearTimeout(timer);
    timer = null;
  };
  const listen = () => {
    source?.close();
    source = new EventSource(`${ROOT}/events`);
    source.addEventListener("photos", (event) => {
      rest();
      heard(JSON.parse(event.data).photos);
      lost(false);
    });
    source.onerror = () => {
      // Streams end now and then and come back by themselves; asking bridges what takes longer.
      timer ??= setTimeout(poll, POLL_MS);
      if (source.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || listen(), STREAM_AGAIN_MS);
    };
  };
  // A page that nobody sees needs no stream; browsers open only six connections to one address.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return listen();
    source.close();
    rest();
  });
  listen();
}
