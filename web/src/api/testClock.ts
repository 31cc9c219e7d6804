import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";

/** In test mode only. */
export const testClockQuery = () =>
  queryOptions({
    queryKey: ["test-clock"],
    queryFn: ({ signal }) => answer(api.GET("/v1/test-clock", { signal })),
  });

export const advanceClock = (to: string) => answer(api.POST("/v1/test-clock/advance", { body: { to } }));
export const releaseClock = () => answer(api.DELETE("/v1/test-clock"));
