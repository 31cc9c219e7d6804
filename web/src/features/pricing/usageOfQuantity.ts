/** What a quantity on the slider stands for: the usage that is sent, and the marks of its scale. */

import type { SentPrice, Usage } from "@/api/prices";

/** Of a price whose rate depends on more than a quantity. */
export interface Mix {
  /** Of a percentage: how much one event is worth. */
  perEvent: string;
  /** Of a matrix or list prices: whose quantity it is. */
  dimensions: Record<string, string>;
}

export const NO_MIX: Mix = { perEvent: "100", dimensions: {} };

export function usageOf(price: SentPrice, quantity: number, mix: Mix): Usage[] {
  if (price.model === "percentage") {
    const each = Number(mix.perEvent);
    return [{ quantity: String(quantity), events: each > 0 ? Math.ceil(quantity / each) : 1 }];
  }
  if (price.model === "matrix" || price.model === "cost_plus") {
    return [{ quantity: String(quantity), dimensions: mix.dimensions }];
  }
  return [{ quantity: String(quantity) }];
}

/** How far the slider goes: past the last bound, so that every tier is seen. Whole units. */
export function reachOf(price: SentPrice): number {
  const bounds = ((price.tiers as { up_to: unknown }[] | undefined) ?? []).map((tier) => Number(tier.up_to ?? 0));
  const marks = [...bounds, Number(price.included_quantity ?? 0), Number(price.package_size ?? 0) * 5];
  const last = Math.max(0, ...marks.filter(Number.isFinite));
  if (last > 0) return roundUp(last * 2);
  return price.model === "seats" ? 100 : price.model === "percentage" ? 100_000 : 1_000_000;
}

/** 1, 2 or 5 times a power of ten. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = [1, 2, 5, 10].find((step) => step * power >= value) ?? 10;
  return digit * power;
}

const POINTS = 50;

/** Quantities of the curve from 0 to `reach`, in even steps: the chart gives each point the same room. */
export function curveQuantities(reach: number): number[] {
  const steps = Math.min(POINTS, reach);
  return Array.from({ length: steps + 1 }, (_, n) => Math.round((reach * n) / steps));
}
