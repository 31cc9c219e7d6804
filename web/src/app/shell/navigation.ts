import {
  IconActivity,
  IconChartBar,
  IconCode,
  IconFileInvoice,
  IconLayoutDashboard,
  IconSettings,
  IconTag,
  IconUsers,
} from "@tabler/icons-react";

export const NAVIGATION = [
  { to: "/", label: "Overview", icon: IconLayoutDashboard },
  { to: "/usage", label: "Usage", icon: IconChartBar },
  { to: "/customers", label: "Customers", icon: IconUsers },
  { to: "/pricing", label: "Pricing", icon: IconTag },
  { to: "/invoices", label: "Invoices", icon: IconFileInvoice },
  { to: "/events", label: "Events", icon: IconActivity },
  { to: "/developers", label: "Developers", icon: IconCode },
  { to: "/settings", label: "Settings", icon: IconSettings },
] as const;
