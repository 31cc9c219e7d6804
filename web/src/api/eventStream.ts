/**
 * Server-sent events by `fetch`, since the browser's EventSource can't send a portal's bearer token and doesn't tell a
 * refusal from a lost line. Reconnects with growing pauses, at once when the machine comes back online, and treats a line
 * on which not even a heartbeat came as lost.
 */

import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { tellSignedOut } from "./client";

export type StreamState = "connecting" | "open" | "lost" | "refused";

export interface StreamOptions {
  url: string;
  headers?: Record<string, string>;
  onMessage: (message: EventSourceMessage) => void;
  onState: (state: StreamState) => void;
  /** The server's heartbeat is every 15 s. */
  silenceMs?: number;
  firstPauseMs?: number;
}

const LONGEST_PAUSE_MS = 15_000;

/** Runs until the returned function is called, or the server refuses (401, 403, 404). */
export function openEventStream(options: StreamOptions): () => void {
  const stop = new AbortController();
  void keepOpen(options, stop.signal);
  return () => stop.abort();
}

async function keepOpen(options: StreamOptions, stop: AbortSignal): Promise<void> {
  const first = options.firstPauseMs ?? 500;
  let pause = first;
  options.onState("connecting");
  while (!stop.aborted) {
    const end = await readOnce(options, stop, () => {
      pause = first;
    });
    if (stop.aborted) return;
    options.onState(end);
    if (end === "refused") return;
    await pauseFor(pause, stop);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

async function readOnce(options: StreamOptions, stop: AbortSignal, onOpen: () => void): Promise<"lost" | "refused"> {
  const line = new AbortController();
  const hangUp = () => line.abort();
  stop.addEventListener("abort", hangUp);
  const silence = options.silenceMs ?? 40_000;
  let timer = setTimeout(hangUp, silence);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(hangUp, silence);
  };
  try {
    const response = await fetch(options.url, {
      headers: { Accept: "text/event-stream", ...options.headers },
      signal: line.signal,
      cache: "no-store",
    });
    if (response.status === 401) tellSignedOut();
    if ([401, 403, 404].includes(response.status)) return "refused";
    if (!response.ok || response.body === null) return "lost";
    onOpen();
    options.onState("open");
    await readAll(response.body, heard, options.onMessage, line.signal);
  } catch {
    // The line broke, or we hung up.
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", hangUp);
    line.abort();
  }
  return "lost";
}

async function readAll(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  heard: () => void,
  onMessage: (message: EventSourceMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const noting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      heard();
      controller.enqueue(chunk);
    },
  });
  const messages = body
    .pipeThrough(noting, { signal })
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (let next = await messages.read(); !next.done; next = await messages.read()) onMessage(next.value);
}

/** Ends early when the browser says that it is online again. */
function pauseFor(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    stop.addEventListener("abort", done);
  });
}
