import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";

const eventsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/events",
  component: lazyRouteComponent(() => import("./EventsPage"), "EventsPage"),
});

export const eventsRoutes = [eventsRoute];
