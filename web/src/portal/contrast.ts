/**
 * Any colour that an organisation chooses, made legible: mixed with black or white by as little as WCAG AA needs.
 * Source: WCAG 2.2, relative luminance and contrast ratio; 4.5 for text.
 */

export type Rgb = readonly [number, number, number];

export const AA = 4.5;
const STEPS = 40;

export function parseHex(hex: string): Rgb {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

export function toHex(colour: Rgb): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(parseHex(one)), luminance(parseHex(other))].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** `share` of `other` in `colour`: 0 is `colour`, 1 is `other`. */
export function mix(colour: string, other: string, share: number): string {
  const [from, to] = [parseHex(colour), parseHex(other)];
  const part = (at: 0 | 1 | 2) => from[at] + (to[at] - from[at]) * share;
  return toHex([part(0), part(1), part(2)]);
}

/** `colour`, moved towards `end` until it has `least` contrast with each of `against`. */
export function moved(colour: string, end: "#000000" | "#ffffff", against: string[], least = AA): string {
  for (let step = 0; step < STEPS; step++) {
    const candidate = mix(colour, end, step / STEPS);
    if (against.every((other) => contrast(candidate, other) >= least)) return candidate;
  }
  return end;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
