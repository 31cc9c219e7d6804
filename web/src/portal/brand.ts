/** The organisation's colours on the product's own theme. */

import {
  type CSSVariablesResolver,
  type MantineColorsTuple,
  type MantineThemeOverride,
  mergeThemeOverrides,
} from "@mantine/core";
import { cssVariables, theme } from "@/app/theme";
import { mix, moved } from "./contrast";

export interface Colours {
  accent_colour: string | null;
  background_colour: string | null;
}

// What stands on the ground in either scheme (`app/theme.ts`), the faintest text first.
const LIGHT = { surface: "#ffffff", ground: "#f8fafb", faint: "#4c5763" };
const DARK = { surface: "#11161c", ground: "#0c1015", faint: "#9ba6b2" };

export function brandTheme({ accent_colour: accent }: Colours): MantineThemeOverride {
  if (accent === null) return theme;
  return mergeThemeOverrides(theme, { primaryColor: "brand", colors: { brand: shades(accent) } });
}

export function brandVariables({
  accent_colour: accent,
  background_colour: background,
}: Colours): CSSVariablesResolver {
  return (base) => {
    const own = cssVariables(base);
    if (background !== null) {
      own.light["--jp-ground"] = moved(background, "#ffffff", [LIGHT.faint]);
      own.dark["--jp-ground"] = moved(background, "#000000", [DARK.faint]);
    }
    if (accent !== null) {
      const tint = mix(accent, LIGHT.surface, 0.9);
      const shade = mix(accent, DARK.surface, 0.85);
      const grounds = (scheme: "light" | "dark") => own[scheme]["--jp-ground"] as string;
      const lightGround = background === null ? LIGHT.ground : grounds("light");
      const darkGround = background === null ? DARK.ground : grounds("dark");
      own.light["--jp-accent-text"] = moved(accent, "#000000", [LIGHT.surface, lightGround, tint]);
      own.dark["--jp-accent-text"] = moved(accent, "#ffffff", [DARK.surface, darkGround, shade]);
      own.light["--jp-accent-ground"] = tint;
      own.dark["--jp-accent-ground"] = shade;
      // Bars are no text: 3 is enough for them.
      own.light["--jp-bar"] = moved(accent, "#000000", [LIGHT.surface], 3);
      own.dark["--jp-bar"] = moved(accent, "#ffffff", [DARK.surface], 3);
    }
    return own;
  };
}

/** Ten shades; from the seventh on white text can stand on them. */
function shades(accent: string): MantineColorsTuple {
  const strong = moved(accent, "#000000", ["#ffffff"]);
  const tints = [0.94, 0.85, 0.7, 0.5, 0.3, 0.15, 0].map((share) => mix(accent, "#ffffff", share));
  return [...tints, strong, mix(strong, "#000000", 0.15), mix(strong, "#000000", 0.3)] as unknown as MantineColorsTuple;
}
