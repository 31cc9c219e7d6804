import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "@/app/routes";

const pricingRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/pricing",
  component: lazyRouteComponent(() => import("./PricingPage"), "PricingPage"),
});

const newPlanRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/pricing/new",
  component: lazyRouteComponent(() => import("./NewPlanPage"), "NewPlanPage"),
});

const compareRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/pricing/compare",
  validateSearch: (search: Record<string, unknown>): { left?: string | undefined; right?: string | undefined } => ({
    ...(typeof search.left === "string" ? { left: search.left } : {}),
    ...(typeof search.right === "string" ? { right: search.right } : {}),
  }),
  component: lazyRouteComponent(() => import("./ComparePage"), "ComparePage"),
});

const planRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/pricing/$plan",
  component: lazyRouteComponent(() => import("./PlanPage"), "PlanPage"),
});

const newVersionRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/pricing/$plan/edit",
  component: lazyRouteComponent(() => import("./NewVersionPage"), "NewVersionPage"),
});

const backtestRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/pricing/$plan/backtest",
  validateSearch: (search: Record<string, unknown>): { run?: string } =>
    typeof search.run === "string" ? { run: search.run } : {},
  component: lazyRouteComponent(() => import("./BacktestPage"), "BacktestPage"),
});

export const pricingRoutes = [pricingRoute, newPlanRoute, compareRoute, planRoute, newVersionRoute, backtestRoute];
