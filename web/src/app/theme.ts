/** One accent, one type scale, one spacing scale; every text colour meets WCAG AA on the ground it stands on. */

import {
  ActionIcon,
  Badge,
  Button,
  Card,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Notification,
  Paper,
  rem,
  Skeleton,
  Table,
  Tooltip,
} from "@mantine/core";

const jade: MantineColorsTuple = [
  "#ecfdf5",
  "#d1fae5",
  "#a7f3d0",
  "#6ee7b7",
  "#34d399",
  "#10b981",
  "#059669",
  "#047857",
  "#065f46",
  "#064e3b",
];

const gray: MantineColorsTuple = [
  "#f8fafb",
  "#f1f4f6",
  "#e5e9ed",
  "#d3d9df",
  "#aab4be",
  "#6b7783",
  "#4c5763",
  "#38424d",
  "#222a33",
  "#131920",
];

const dark: MantineColorsTuple = [
  "#e6eaee",
  "#c5ccd4",
  "#9ba6b2",
  "#727d8a",
  "#343d48",
  "#262e37",
  "#191f26",
  "#11161c",
  "#0c1015",
  "#080b0f",
];

/** A dialog is no section to assistive technology, so a `header` in it would be a second banner of the page. */
const dialogParts = {
  DrawerHeader: { defaultProps: { component: "div" } },
  DrawerCloseButton: { defaultProps: { "aria-label": "Close" } },
  ModalHeader: { defaultProps: { component: "div" } },
  ModalCloseButton: { defaultProps: { "aria-label": "Close" } },
};

export const theme = createTheme({
  primaryColor: "jade",
  primaryShade: { light: 7, dark: 7 },
  colors: { jade, gray, dark },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace",
  fontSizes: { xs: rem(12), sm: rem(13), md: rem(14), lg: rem(16), xl: rem(20) },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.4" },
  spacing: { xs: rem(8), sm: rem(12), md: rem(16), lg: rem(24), xl: rem(32) },
  radius: { xs: rem(3), sm: rem(5), md: rem(8), lg: rem(12), xl: rem(20) },
  defaultRadius: "md",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: rem(24), lineHeight: "1.25" },
      h2: { fontSize: rem(16), lineHeight: "1.4" },
      h3: { fontSize: rem(14), lineHeight: "1.4" },
    },
  },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    ...dialogParts,
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Badge: Badge.extend({ defaultProps: { variant: "light", radius: "sm", tt: "none", fw: 500 } }),
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    Card: Card.extend({ defaultProps: { withBorder: true, padding: "lg", radius: "lg" } }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { "aria-label": "Close" } } }),
    Paper: Paper.extend({ defaultProps: { radius: "lg" } }),
    Skeleton: Skeleton.extend({ defaultProps: { radius: "sm" } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: "xs", horizontalSpacing: "md" } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 300 } }),
  },
});

/** Mantine's own greys for secondary text miss AA; these don't. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-6)",
    "--mantine-color-placeholder": "var(--mantine-color-gray-5)",
    "--mantine-color-text": "var(--mantine-color-gray-9)",
    "--mantine-color-error": "#c92a2a",
    "--jp-ground": "var(--mantine-color-gray-0)",
    "--jp-surface": "#ffffff",
    "--jp-line": "var(--mantine-color-gray-2)",
    "--jp-accent-text": "var(--mantine-color-jade-7)",
    "--jp-accent-ground": "var(--mantine-color-jade-0)",
    "--jp-test": "#8a4b00",
    "--jp-test-ground": "#fff4e0",
    "--jp-bar": "var(--mantine-color-jade-6)",
    "--jp-faint": "var(--mantine-color-gray-4)",
  },
  dark: {
    "--mantine-color-dimmed": "var(--mantine-color-dark-2)",
    "--mantine-color-placeholder": "var(--mantine-color-dark-2)",
    "--mantine-color-text": "var(--mantine-color-dark-0)",
    "--mantine-color-error": "#ff8787",
    "--jp-ground": "var(--mantine-color-dark-8)",
    "--jp-surface": "var(--mantine-color-dark-7)",
    "--jp-line": "var(--mantine-color-dark-5)",
    "--jp-accent-text": "var(--mantine-color-jade-4)",
    "--jp-accent-ground": "rgba(16, 185, 129, 0.12)",
    "--jp-test": "#ffc46b",
    "--jp-test-ground": "rgba(255, 170, 40, 0.14)",
    "--jp-bar": "var(--mantine-color-jade-5)",
    "--jp-faint": "var(--mantine-color-dark-3)",
  },
});
