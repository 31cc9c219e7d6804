/** Alerts that the customer's own people set. */

import { queryOptions } from "@tanstack/react-query";
import { Problem } from "@/api/problem";
import { askPortal, LIVE } from "./api";

export interface Alert {
  id: string;
  name: string;
  measure: "usage" | "cost";
  meter: string | null;
  currency: string | null;
  recipients: string[];
  value: string | null;
  threshold: string | null;
  /** 0.8 is 80 % of the threshold. */
  share: string | null;
  has_fired: boolean;
  delivery: "email" | "in_app_only";
  last_fired: { at: string; value: string; threshold: string } | null;
}

export interface NewAlert {
  name: string;
  measure: Alert["measure"];
  meter?: string;
  quantity?: string;
  amount?: string;
  percent?: string;
  of?: "previous_period";
  recipients: string[];
}

/** Null where the server knows no alerts. */
export const alertsQuery = queryOptions({
  queryKey: [...LIVE, "alerts"],
  queryFn: async (): Promise<Alert[] | null> => {
    try {
      return (await askPortal<{ data: Alert[] }>("GET", "/v1/portal/alerts?limit=100")).data;
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  },
});

export const createAlert = (alert: NewAlert) => askPortal<Alert>("POST", "/v1/portal/alerts", alert);

export const removeAlert = (id: string) => askPortal<void>("DELETE", `/v1/portal/alerts/${encodeURIComponent(id)}`);

/** Addresses as people write them: with commas, semicolons or spaces between. */
export const recipientsIn = (text: string): string[] => text.split(/[\s,;]+/).filter((each) => each !== "");
