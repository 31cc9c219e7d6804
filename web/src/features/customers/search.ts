/** The choices of the customers' pages, as their addresses keep them. */

import { CUSTOMER_ORDERS, type CustomerOrder } from "@/api/customers";

export interface CustomersSearch {
  search?: string | undefined;
  sort?: CustomerOrder | undefined;
}

export function validateCustomersSearch({ search, sort }: Record<string, unknown>): CustomersSearch {
  const order = CUSTOMER_ORDERS.find((each) => each === sort);
  return {
    ...((typeof search === "string" && search !== "") || typeof search === "number" ? { search: String(search) } : {}),
    ...(order === undefined ? {} : { sort: order }),
  };
}

export const CUSTOMER_TABS = {
  usage: "Usage and cost",
  subscriptions: "Subscriptions",
  invoices: "Invoices",
  credits: "Credits",
  events: "Events",
  contacts: "Contacts",
  portal: "Portal",
} as const;
export type CustomerTab = keyof typeof CUSTOMER_TABS;

export interface CustomerSearch {
  tab?: CustomerTab | undefined;
  /** The event that is looked at. */
  event?: string | undefined;
}

export function validateCustomerSearch({ tab, event }: Record<string, unknown>): CustomerSearch {
  return {
    ...(typeof tab === "string" && Object.hasOwn(CUSTOMER_TABS, tab) ? { tab: tab as CustomerTab } : {}),
    ...(typeof event === "string" || typeof event === "number" ? { event: String(event) } : {}),
  };
}
