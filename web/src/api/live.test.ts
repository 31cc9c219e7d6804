import { HttpResponse, http } from "msw";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { server } from "@/test/server";
import { KEPT, LiveFeed } from "./live";

const encoder = new TextEncoder();
let send: (text: string) => void;
let frames: FrameRequestCallback[];
let leave = () => {};

beforeEach(() => {
  frames = [];
  vi.spyOn(window, "requestAnimationFrame").mockImplementation((callback) => frames.push(callback));
  server.use(
    http.get("*/v1/events/stream", () => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          send = (text) => controller.enqueue(encoder.encode(text));
        },
      });
      return new HttpResponse(body, { headers: { "Content-Type": "text/event-stream" } });
    }),
  );
});
afterEach(() => leave());

const sample = (n: number) => `event: sample\ndata: ${JSON.stringify({ id: `evt-${n}` })}\n\n`;
const paint = () => frames.shift()?.(0);

async function opened() {
  const feed = new LiveFeed("http://localhost/v1/events/stream?view=live");
  const changes = vi.fn();
  leave = feed.subscribe(changes);
  await vi.waitFor(() => expect(feed.current().state).toBe("open"));
  changes.mockClear();
  return { feed, changes };
}

it("makes one change a frame of however many events come, the newest first", async () => {
  const { feed, changes } = await opened();
  send(Array.from({ length: 100 }, (_, n) => sample(n)).join(""));
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(changes).not.toHaveBeenCalled();

  paint();

  expect(changes).toHaveBeenCalledOnce();
  expect(feed.current().events).toHaveLength(KEPT);
  expect(
    feed
      .current()
      .events.slice(0, 2)
      .map((event) => event.id),
  ).toEqual(["evt-99", "evt-98"]);
});

it("holds the list still while it is paused, but not the figures", async () => {
  const { feed } = await opened();
  send(sample(1));
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  paint();
  feed.pause(true);
  send(`${sample(2)}event: pulse\ndata: {"events_today": 7}\n\n`);
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  paint();
  expect(feed.current().events.map((event) => event.id)).toEqual(["evt-1"]);
  expect(feed.current().pulse?.events_today).toBe(7);
});

it("shows events as metered once metering has caught up", async () => {
  const { feed } = await opened();
  const states = () => feed.current().events.map((event) => event.state);
  send('event: sample\ndata: {"id":"evt-1","state":"accepted"}\n\nevent: pulse\ndata: {"metered_behind":1}\n\n');
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  paint();
  expect(states()).toEqual(["accepted"]);
  send('event: pulse\ndata: {"metered_behind":0}\n\n');
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  paint();
  expect(states()).toEqual(["metered"]);
});

it("ignores what it can't read", async () => {
  const { feed } = await opened();
  send("event: sample\ndata: {broken\n\nevent: other\ndata: 1\n\n");
  send(sample(3));
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  paint();
  expect(feed.current().events.map((event) => event.id)).toEqual(["evt-3"]);
});

it("forgets all when nobody watches", async () => {
  const { feed } = await opened();
  leave();
  leave = () => {};
  expect(feed.current()).toEqual({ state: "connecting", events: [], pulse: null, paused: false });
});
