/** Colours of series beside each other, apart for most kinds of colour blindness, 3:1 against either ground. */

const COLORS = [
  "light-dark(#047857, #34d399)",
  "light-dark(#1c5fb8, #6ea8fe)",
  "light-dark(#b45309, #fbbf24)",
  "light-dark(#7c3aed, #b197fc)",
  "light-dark(#be185d, #f783ac)",
  "light-dark(#0e7490, #4dd4e8)",
  "light-dark(#4d7c0f, #a9e34b)",
  "light-dark(#6b7783, #9ba6b2)",
] as const;

export const seriesColor = (n: number): string => COLORS[n % COLORS.length] as string;
