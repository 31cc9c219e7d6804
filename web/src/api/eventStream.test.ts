import { HttpResponse, http } from "msw";
import { afterEach, expect, it, vi } from "vitest";
import { server } from "@/test/server";
import { whenSignedOut } from "./client";
import { openEventStream, type StreamState } from "./eventStream";

const URL_ = "http://localhost/v1/events/stream";
const encoder = new TextEncoder();
let stop = () => {};
afterEach(() => stop());

function answering(...bodies: (string | number)[]) {
  const requests: Request[] = [];
  server.use(
    http.get(URL_, ({ request }) => {
      requests.push(request);
      const next = bodies.shift();
      if (typeof next === "number") return new HttpResponse(null, { status: next });
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          if (next === undefined) return; // silence
          for (const half of [next.slice(0, 9), next.slice(9)]) controller.enqueue(encoder.encode(half));
          controller.close();
        },
      });
      return new HttpResponse(body, { headers: { "Content-Type": "text/event-stream" } });
    }),
  );
  return requests;
}

function open(options: { silenceMs?: number; headers?: Record<string, string> } = {}) {
  const states: StreamState[] = [];
  const messages: [string | undefined, string][] = [];
  stop = openEventStream({
    url: URL_,
    firstPauseMs: 5,
    onState: (state) => states.push(state),
    onMessage: (message) => messages.push([message.event, message.data]),
    ...options,
  });
  return { states, messages };
}

it("reads messages across the borders of chunks, and comes back when the line ends", async () => {
  answering(': hello\n\nevent: pulse\ndata: {"a":1}\n\n', "event: sample\ndata: {}\n\n");
  const { states, messages } = open();
  await vi.waitFor(() =>
    expect(messages).toEqual([
      ["pulse", '{"a":1}'],
      ["sample", "{}"],
    ]),
  );
  expect(states.slice(0, 4)).toEqual(["connecting", "open", "lost", "open"]);
});

it("comes back after an overloaded server", async () => {
  answering(503, "event: pulse\ndata: {}\n\n");
  const { states, messages } = open();
  await vi.waitFor(() => expect(messages).toHaveLength(1));
  expect(states.slice(0, 3)).toEqual(["connecting", "lost", "open"]);
});

it("takes a line without a heartbeat for lost", async () => {
  const requests = answering();
  const { states } = open({ silenceMs: 30 });
  await vi.waitFor(() => expect(requests.length).toBeGreaterThan(1));
  expect(states).toContain("lost");
});

it("does not come back where it is refused, and tells of an ended session", async () => {
  const requests = answering(401);
  const signedOut = vi.fn();
  const off = whenSignedOut(signedOut);
  const { states } = open();
  await vi.waitFor(() => expect(states).toEqual(["connecting", "refused"]));
  await new Promise((resolve) => setTimeout(resolve, 30));
  off();
  expect(requests).toHaveLength(1);
  expect(signedOut).toHaveBeenCalledOnce();
});

it("sends the headers of a portal", async () => {
  const requests = answering(": hi\n\n");
  open({ headers: { Authorization: "Bearer pt_1" } });
  await vi.waitFor(() => expect(requests[0]?.headers.get("Authorization")).toBe("Bearer pt_1"));
});
