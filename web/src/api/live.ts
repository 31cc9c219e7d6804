/**
 * The dashboard's live stream, as one store for all that show it. Many messages a second become one change a frame: what
 * arrives is kept aside and shown with the browser's next paint.
 */

import { createContext, useContext, useSyncExternalStore } from "react";
import { openEventStream, type StreamState } from "./eventStream";

export type { StreamState };

export interface SampledEvent {
  id: string;
  at: string;
  customer: string;
  customer_name: string | null;
  event: string;
  quantity: string;
  model: string | null;
  tokens: string | null;
  state: "accepted" | "metered" | "unattributed";
}

export interface Pulse {
  at: string;
  events_per_minute: number;
  events_today: number;
  metered_behind: number;
  lag_ms: number;
}

export interface LiveView {
  state: StreamState;
  /** Newest first. */
  events: readonly SampledEvent[];
  pulse: Pulse | null;
  paused: boolean;
}

/** What a page can show at once, and some to spare. */
export const KEPT = 40;

const IDLE: LiveView = { state: "connecting", events: [], pulse: null, paused: false };

export class LiveFeed {
  private view: LiveView = IDLE;
  private arrived: SampledEvent[] = [];
  private pulse: Pulse | null = null;
  private frame: number | null = null;
  private readonly listeners = new Set<() => void>();
  private close: (() => void) | null = null;

  constructor(private readonly url = "/v1/events/stream?view=live") {}

  /** The stream is open while somebody listens. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    this.close ??= openEventStream({
      url: this.url,
      onMessage: (message) => this.receive(message.event, message.data),
      onState: (state) => this.show({ state }),
    });
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.end();
    };
  };

  readonly current = (): LiveView => this.view;

  /** Pausing holds the list of events still; figures go on. */
  readonly pause = (paused: boolean): void => {
    if (paused) this.arrived = [];
    this.show({ paused });
  };

  private receive(kind: string | undefined, data: string): void {
    const parsed = parse(data);
    if (kind === "pulse" && parsed !== null) this.pulse = parsed as Pulse;
    else if (kind === "sample" && parsed !== null && !this.view.paused) this.arrived.push(parsed as SampledEvent);
    else return;
    this.frame ??= requestAnimationFrame(() => this.flush());
  }

  private flush(): void {
    this.frame = null;
    // A page in the background paints nothing, so that much may have come since.
    const newest = this.arrived.slice(-KEPT).reverse();
    this.arrived = [];
    const events = newest.length === 0 ? this.view.events : [...newest, ...this.view.events].slice(0, KEPT);
    this.show({ events: this.pulse?.metered_behind === 0 ? events.map(metered) : events, pulse: this.pulse });
  }

  private show(change: Partial<LiveView>): void {
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }

  private end(): void {
    this.close?.();
    this.close = null;
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
    this.arrived = [];
    this.pulse = null;
    this.view = IDLE;
  }
}

/** Once metering has caught up, it has all that was accepted before. */
function metered(event: SampledEvent): SampledEvent {
  return event.state === "accepted" ? { ...event, state: "metered" } : event;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

const LiveContext = createContext<LiveFeed | null>(null);
export const LiveProvider = LiveContext.Provider;

export function useLiveFeed(): LiveFeed {
  const feed = useContext(LiveContext);
  if (feed === null) throw new Error("There is no LiveProvider above this component.");
  return feed;
}

/** A part of the live view; the component renders again only when that part is another. */
export function useLive<Part>(select: (view: LiveView) => Part): Part {
  const feed = useLiveFeed();
  return useSyncExternalStore(feed.subscribe, () => select(feed.current()));
}
