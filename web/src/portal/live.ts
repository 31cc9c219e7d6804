/** Usage that moves: each pulse says that events came, and what is shown is asked for again. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { openEventStream, type StreamState } from "@/api/eventStream";
import { authorization, LIVE } from "./api";

/** A page asks some ten questions on a pulse, and a link may ask ten a second. */
const PAUSE_MS = 2_000;

export function useLiveUsage(): StreamState {
  const queries = useQueryClient();
  const [state, setState] = useState<StreamState>("connecting");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: LIVE });
      }, PAUSE_MS);
    };
    const close = openEventStream({
      url: "/v1/portal/stream",
      headers: authorization(),
      onMessage: (message) => {
        if (message.event === "pulse") ask();
      },
      onState: (now) => {
        setState(now);
        if (now === "open") ask(); // what came while the line was lost
      },
    });
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [queries]);
  return state;
}
