/** Alerts that the customer's own people set. */

import { queryOptions } from "@tanstack/react-query";
import { answer } from "@/api/client";
import type { components } from "@/api/schema.gen";
import { LIVE, portal } from "./api";

export type Alert = components["schemas"]["AlertOut"];
export type NewAlert = components["schemas"]["PortalAlertIn"];

export const alertsQuery = queryOptions({
  queryKey: [...LIVE, "alerts"],
  queryFn: () => answer(portal.GET("/v1/portal/alerts", { params: { query: { limit: 100 } } })),
});

export const createAlert = (alert: NewAlert) => answer(portal.POST("/v1/portal/alerts", { body: alert }));

export const removeAlert = (id: string) =>
  answer(portal.DELETE("/v1/portal/alerts/{alert_id}", { params: { path: { alert_id: id } } }));

/** Addresses as people write them: with commas, semicolons or spaces between. */
export const recipientsIn = (text: string): string[] => text.split(/[\s,;]+/).filter((each) => each !== "");

/** What a threshold is a number of. */
export type Unit = "number" | "included_quantity" | "last_period";

/** The threshold as the API takes it. `meter` is undefined for cost. */
export function thresholdOf(unit: Unit, value: string, meter: string | undefined): Omit<NewAlert, "name"> {
  const subject = meter === undefined ? { measure: "cost" as const } : { measure: "usage" as const, meter };
  if (unit !== "number") return { ...subject, percent: value, of: unit };
  return { ...subject, ...(meter === undefined ? { amount: value } : { quantity: value }) };
}
