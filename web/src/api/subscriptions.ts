import { answer, api } from "./client";
import type { components } from "./schema.gen";

export type Subscription = components["schemas"]["SubscriptionOut"];
export type NewSubscription = components["schemas"]["SubscriptionIn"];

export const createSubscription = (body: NewSubscription) => answer(api.POST("/v1/subscriptions", { body }));
