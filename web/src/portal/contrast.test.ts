import { describe, expect, it } from "vitest";
import { brandTheme, brandVariables } from "./brand";
import { AA, contrast, mix, moved } from "./contrast";

describe("contrast", () => {
  it("is WCAG's ratio", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
    expect(contrast("#ffffff", "#777777")).toBe(contrast("#777777", "#ffffff"));
  });

  it("leaves a colour as it is where that will do", () => {
    expect(moved("#047857", "#000000", ["#ffffff"])).toBe("#047857");
  });
});

/** Each corner of the cube of colours and much between, as they may be chosen. */
const CHOSEN = ["00", "55", "99", "cc", "ff"].flatMap((r) =>
  ["00", "55", "99", "cc", "ff"].flatMap((g) => ["00", "55", "99", "cc", "ff"].map((b) => `#${r}${g}${b}`)),
);

describe("an organisation's colours", () => {
  const base = { colors: {} } as never;

  it("are legible, whatever they are", () => {
    for (const accent_colour of CHOSEN) {
      for (const background_colour of [null, "#8899aa", "#ffd400", "#000000", "#ffffff"]) {
        const { light, dark } = brandVariables({ accent_colour, background_colour })(base);
        const grounds = [
          [light, "#ffffff"],
          [dark, "#11161c"],
        ] as const;
        for (const [scheme, surface] of grounds) {
          const text = scheme["--jp-accent-text"] as string;
          expect(contrast(text, surface)).toBeGreaterThanOrEqual(AA);
          expect(contrast(text, scheme["--jp-accent-ground"] as string)).toBeGreaterThanOrEqual(AA);
          if (background_colour !== null) {
            expect(contrast(text, scheme["--jp-ground"] as string)).toBeGreaterThanOrEqual(AA);
          }
          expect(contrast(scheme["--jp-bar"] as string, surface)).toBeGreaterThanOrEqual(3);
        }
        if (background_colour !== null) {
          expect(contrast("#4c5763", light["--jp-ground"] as string)).toBeGreaterThanOrEqual(AA);
          expect(contrast("#9ba6b2", dark["--jp-ground"] as string)).toBeGreaterThanOrEqual(AA);
        }
      }
      const shade = brandTheme({ accent_colour, background_colour: null }).colors?.brand?.[7] as string;
      expect(contrast("#ffffff", shade)).toBeGreaterThanOrEqual(AA);
    }
  });

  it("leave the product's own where none are set", () => {
    expect(brandTheme({ accent_colour: null, background_colour: null }).primaryColor).toBe("jade");
    expect(mix("#000000", "#ffffff", 0.5)).toBe("#808080");
  });
});
